package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/stacks"
)

func TestUsage(t *testing.T) {
	p := newProject(t)
	for _, row := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitOK, "Usage: go run . VERB"},
		{[]string{"help"}, exitOK, "destroy [--delete-data] [--yes]"},
		{[]string{"--help"}, exitOK, "doctor"},
		{[]string{"up", "-h"}, exitOK, "Usage"},
		{[]string{"upp"}, exitUsage, `there is no verb "upp"`},
		{[]string{"up", "extra"}, exitUsage, `up takes no argument "extra"`},
		{[]string{"output", "a", "b"}, exitUsage, `output takes no argument "b"`},
		{[]string{"up", "--delete-data"}, exitUsage, "delete-data"},
		{[]string{"up", "-s"}, exitUsage, "argument"},
	} {
		t.Run(strings.Join(row.args, " "), func(t *testing.T) {
			code, out, errOut := p.run(t, nil, row.args...)
			if code != row.code {
				t.Errorf("exit code %d, want %d", code, row.code)
			}
			contains(t, out+errOut, row.want)
		})
	}
}

func TestParse(t *testing.T) {
	newProject(t)
	verbNamed := func(name string) verb {
		return verbs[slices.IndexFunc(verbs, func(v verb) bool { return v.name == name })]
	}
	for _, row := range []struct {
		verb string
		args string
		want command
	}{
		{"up", "", command{stack: "local"}},
		{"up", "-s dev -c a=1 -c b=2", command{stack: "dev", overrides: []string{"a=1", "b=2"}}},
		{"up", "--stack=dev --config=a=1", command{stack: "dev", overrides: []string{"a=1"}}},
		{"output", "url -s dev --json", command{stack: "dev", rest: []string{"url"}, jsonOut: true}},
		{"output", "--json url -s=dev", command{stack: "dev", rest: []string{"url"}, jsonOut: true}},
		{"up", "-s acme/dev", command{stack: "dev", owner: "acme"}},
		{"up", "-s acme/slipway/dev", command{stack: "dev", owner: "acme/slipway"}},
		{"logs", "-f edge --since 1h", command{stack: "local", rest: []string{"edge"}, logOptions: LogOptions{Follow: true, Since: "1h"}}},
		{"destroy", "--delete-data --yes", command{stack: "local", deleteData: true, yes: true}},
	} {
		t.Run(row.verb+" "+row.args, func(t *testing.T) {
			c := &command{err: io.Discard}
			if err := c.parse(verbNamed(row.verb), strings.Fields(row.args)); err != nil {
				t.Fatal(err)
			}
			if c.stack != row.want.stack || c.owner != row.want.owner || !slices.Equal(c.overrides, row.want.overrides) || !slices.Equal(c.rest, row.want.rest) ||
				c.jsonOut != row.want.jsonOut || c.deleteData != row.want.deleteData || c.yes != row.want.yes || c.logOptions != row.want.logOptions {
				t.Errorf("got %+v\nwant %+v", *c, row.want)
			}
		})
	}
}

// TestStackOfAnOrganization: the back end is asked for the whole name, and the file is called after its last part.
func TestStackOfAnOrganization(t *testing.T) {
	p := newProject(t)
	write(t, filepath.Join(p.root, "Pulumi.dev.yaml"), "config:\n  cloud: docker\n")
	for args, want := range map[string]string{
		"-s acme/dev":          "-s acme/dev: the state is in .slipway/state, which has no organizations: use -s dev, or choose a back end with `pulumi login`",
		"-s acme/slipway/dev":  "-s acme/slipway/dev: the state is in .slipway/state",
		"-s acme/shop/dev":     "-s acme/shop/dev: this is project slipway, not shop",
		"-s a/b/c/dev":         "-s a/b/c/dev: not the name of a stack",
		"-s acme/":             "-s acme/: not the name of a stack",
		"-s organization/nope": "there is no Pulumi.nope.yaml",
	} {
		if code, _, errOut := p.run(t, nil, append([]string{"up"}, strings.Fields(args)...)...); code == exitOK || !strings.Contains(errOut, want) {
			t.Errorf("%s: exit code %d, want %q in\n%s", args, code, want, errOut)
		}
	}
	c := &command{owner: "acme", stack: "dev"}
	if got := c.qualified(); got != "acme/dev" {
		t.Errorf("the back end is asked for %s", got)
	}
	c.owner = ""
	if got := c.qualified(); got != "dev" {
		t.Errorf("the back end is asked for %s", got)
	}
}

func TestRootIsFoundFromBelow(t *testing.T) {
	p := newProject(t)
	below := filepath.Join(p.root, "app", "internal")
	must(t, os.MkdirAll(below, 0o755))
	t.Chdir(below)
	if root, err := findRoot(); err != nil || root != p.root {
		t.Errorf("got %q, %v, want %q", root, err, p.root)
	}
	t.Chdir(t.TempDir())
	if code, _, errOut := p.run(t, nil, "up"); code != exitUsage || !strings.Contains(errOut, "no Pulumi.yaml in") {
		t.Errorf("outside of a project: exit code %d\n%s", code, errOut)
	}
}

func newCommand(t *testing.T) (*command, *bytes.Buffer) {
	t.Helper()
	said := &bytes.Buffer{}
	root := t.TempDir()
	write(t, filepath.Join(root, "Pulumi.yaml"), "name: slipway\nruntime: go\n")
	return &command{root: root, stack: "local", err: said, out: said, progress: progress.New(said)}, said
}

func TestKept(t *testing.T) {
	all := []Resource{
		{URN: "stack"}, {URN: "provider"}, {URN: "password", Needs: []string{"provider", "stack"}},
		{URN: "volume", Protect: true, Needs: []string{"password", "stack"}}, {URN: "container", Needs: []string{"volume"}},
	}
	keep := kept(all)
	for urn, want := range map[string]bool{"stack": true, "provider": true, "password": true, "volume": true, "container": false} {
		if keep[urn] != want {
			t.Errorf("%s is kept: %t, want %t", urn, keep[urn], want)
		}
	}
	if len(kept(all[:3])) > 0 {
		t.Error("something is kept where nothing is protected")
	}
}

func TestFromState(t *testing.T) {
	r := fromState(apitype.ResourceV3{
		URN: "u", Type: "t", ID: "i", Parent: "p", Custom: true, Delete: true, InitErrors: []string{"x"}, Provider: "urn:pulumi:s::p::pulumi:providers:docker::d::id",
		Dependencies: []resource.URN{"d"}, PropertyDependencies: map[resource.PropertyKey][]resource.URN{"k": {"e"}},
	})
	if want := []string{"d", "e", "p", "urn:pulumi:s::p::pulumi:providers:docker::d"}; !slices.Equal(r.Needs, want) {
		t.Errorf("needs %v, want %v", r.Needs, want)
	}
	if !r.Deleting || !r.Broken || !r.Custom || r.Protect {
		t.Errorf("got %+v", r)
	}
	if got := providerURN("no reference"); got != "no reference" {
		t.Errorf("got %q", got)
	}
}

func TestInterrupted(t *testing.T) {
	p := newProject(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for verb, again := range map[string]string{"up": "go run . up -s local", "destroy": "go run . destroy -s local"} {
		var said bytes.Buffer
		code := run(ctx, stacks.Program{Cloud: stacks.CloudDocker}, p.target, []string{verb}, nil, io.Discard, &said)
		if code != exitFailed || !strings.Contains(said.String(), "interrupted") || !strings.Contains(said.String(), again) {
			t.Errorf("%s: exit code %d\n%s", verb, code, said.String())
		}
	}
}

// TestSecondSignalEndsTheProcess starts itself as a command that does not heed the first one.
func TestSecondSignalEndsTheProcess(t *testing.T) {
	const inside = "SLIPWAY_TEST_SIGNALS"
	if os.Getenv(inside) != "" {
		ctx, stop := untilSignal()
		defer stop()
		fmt.Println("ready")
		<-ctx.Done()
		fmt.Println("still here")
		time.Sleep(time.Minute)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), inside+"=1")
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	giveUp := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer giveUp.Stop()
	said := ""
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said += lines.Text() + "\n"
		if lines.Text() == "still here" {
			time.Sleep(100 * time.Millisecond) // it lets go of signals right after the first
		}
		must(t, cmd.Process.Signal(os.Interrupt))
	}
	err = cmd.Wait()
	if !strings.Contains(said, "still here") || err == nil || !strings.Contains(err.Error(), "interrupt") {
		t.Errorf("said %q, ended with %v", said, err)
	}
}
