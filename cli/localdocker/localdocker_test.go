package localdocker

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/providers/docker"
	"github.com/slipway-iac/slipway/stacks"
)

// fakeDocker answers like the docker command, from files in $FAKE_DOCKER, and notes how it was called.
const fakeDocker = `#!/bin/sh
echo "$*" >> "$FAKE_DOCKER/calls"
answer() { if [ -f "$FAKE_DOCKER/$1" ]; then cat "$FAKE_DOCKER/$1"; fi; }
if [ -f "$FAKE_DOCKER/fail-$1" ]; then cat "$FAKE_DOCKER/fail-$1" >&2; exit 1; fi
case "$*" in
info*) answer info ;;
"ps --all"*) answer ids ;;
ps*) answer ports ;;
"container inspect"*) answer inspect ;;
"image ls"*) answer images ;;
"network ls --no-trunc"*) answer networks ;;
"network ls"*) answer roots ;;
"volume ls"*) answer data ;;
logs*) for id in "$@"; do :; done; answer "log-$id" ;;
"image inspect"*|"network inspect"*|"volume inspect"*)
	kind=$1
	shift 4
	for name in "$@"; do
		if grep -qx "$kind $name" "$FAKE_DOCKER/gone" 2>/dev/null; then echo "Error: No such $kind: $name" >&2; exit 1; fi
	done ;;
esac
`

var stack = cli.Stack{Root: "/src/slipway", Project: "slipway", Name: "local"}

// engine puts the fake docker command first on PATH. Files are its answers.
func engine(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	bin, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "docker"), []byte(fakeDocker), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("FAKE_DOCKER", dir)
	return dir
}

// calls are the calls of docker that change something.
func calls(t *testing.T, dir string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if verb, _, _ := strings.Cut(line, " "); verb == "rm" || verb == "start" || strings.HasPrefix(line, "image rm") || strings.HasPrefix(line, "network rm") {
			out = append(out, line)
		}
	}
	return out
}

func container(id, component string, running bool, exit int) inspected {
	c := inspected{ID: id, Name: "/slipway-local-" + id}
	c.State.Running, c.State.ExitCode = running, exit
	if c.State.Status = "running"; !running {
		c.State.Status = "exited"
	}
	c.Config.Labels = map[string]string{docker.LabelComponent: component}
	return c
}

// containersOf are the answers of an engine that has these containers.
func containersOf(t *testing.T, all ...inspected) map[string]string {
	t.Helper()
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return map[string]string{"ids": strings.Join(ids, "\n"), "inspect": string(text)}
}

func known(id string, mustRun bool) cli.Resource {
	return cli.Resource{URN: "urn:" + id, Type: typeContainer, ID: id, Outputs: map[string]any{"mustRun": mustRun}}
}

func TestRepair(t *testing.T) {
	broken, replaced := known("a", true), known("a", true)
	broken.Broken, replaced.Deleting = true, true
	neverStarted := container("c", "service", false, 0) // it carries files
	neverStarted.State.Status = "created"
	for _, row := range []struct {
		name    string
		exist   []inspected
		state   []cli.Resource
		gone    string
		fail    string // what the engine fails at
		refresh []string
		changes []string
		asked   int // calls that look for images, networks and volumes, where it is not left out
	}{
		{name: "nothing"},
		{name: "all is well", exist: []inspected{container("a", "edge", true, 0)}, state: []cli.Resource{known("a", true)}},
		{name: "one that ended well", exist: []inspected{container("a", "service", false, 0)}, state: []cli.Resource{known("a", false)}},
		{name: "one that ended badly", exist: []inspected{container("a", "service", false, 1)}, state: []cli.Resource{known("a", false)}, refresh: []string{"urn:a"}, changes: []string{"rm --force a"}},
		{name: "one that was cut off", exist: []inspected{container("a", "edge", true, 0)}, state: []cli.Resource{broken}, refresh: []string{"urn:a"}, changes: []string{"rm --force a"}},
		{name: "one that was stopped by hand", exist: []inspected{container("a", "edge", false, 137)}, state: []cli.Resource{known("a", true)}, changes: []string{"start a"}},
		{name: "ones that ended well, and a volume is gone", gone: "volume data\n", refresh: []string{"v", "urn:a"}, changes: []string{"rm --force a"},
			exist: []inspected{container("a", "service", false, 0), container("b", "service", true, 0), neverStarted}, state: []cli.Resource{
				{URN: "v", Type: typeVolume, ID: "data", Outputs: map[string]any{"name": "data"}}, known("a", false), known("b", true), known("c", false),
			}},
		{name: "one that can't be started", fail: "start", exist: []inspected{container("a", "edge", false, 137)}, state: []cli.Resource{known("a", true)}, refresh: []string{"urn:a"}, changes: []string{"start a", "rm --force a"}},
		{name: "one that the next run deletes", exist: []inspected{container("a", "edge", false, 0)}, state: []cli.Resource{replaced}},
		{name: "one that was removed by hand", state: []cli.Resource{known("a", true)}, refresh: []string{"urn:a"}},
		{name: "one that the state does not know", exist: []inspected{container("a", "edge", true, 0), container("b", "edge", true, 0)}, state: []cli.Resource{known("a", true)}, changes: []string{"rm --force b"}},
		{name: "images and volumes that are there", asked: 3, state: []cli.Resource{
			{URN: "i", Type: typeImage, Outputs: map[string]any{"name": "links:1"}},
			{URN: "j", Type: typeImage, Outputs: map[string]any{"name": "links:2"}},
			{URN: "v", Type: typeVolume, Outputs: map[string]any{"name": "data"}},
			{URN: "w", Type: typeVolume, Outputs: map[string]any{"name": "more"}},
		}},
		{name: "image, network and volume", gone: "image links:1\nnetwork n-id\nvolume data\n", refresh: []string{"i", "n", "v"}, state: []cli.Resource{
			{URN: "i", Type: typeImage, ID: "sha256:1links:1", Outputs: map[string]any{"name": "links:1"}},
			{URN: "n", Type: typeNetwork, ID: "n-id", Outputs: map[string]any{"name": "slipway-local"}},
			{URN: "v", Type: typeVolume, ID: "data", Outputs: map[string]any{"name": "data"}},
			{URN: "x", Type: typeVolume, ID: "there", Outputs: map[string]any{"name": "there"}},
			{URN: "r", Type: "random:index/randomPassword:RandomPassword"},
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := containersOf(t, row.exist...)
			files["gone"] = row.gone
			if row.fail != "" {
				files["fail-"+row.fail] = "no"
			}
			dir := engine(t, files)
			refresh, err := Target{}.Repair(t.Context(), progress.New(io.Discard), stack, append(row.state, ownNetwork))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(refresh, row.refresh) {
				t.Errorf("to be read again: %v, want %v", refresh, row.refresh)
			}
			if got := calls(t, dir); !slices.Equal(got, row.changes) {
				t.Errorf("changed: %v, want %v", got, row.changes)
			}
			text, err := os.ReadFile(filepath.Join(dir, "calls"))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(string(text), " inspect --format {{.}}"); row.asked > 0 && got != row.asked {
				t.Errorf("looked %d times, want one for each kind:\n%s", got, text)
			}
		})
	}
}

// ownNetwork is in the state of every stack that may have containers.
var ownNetwork = cli.Resource{URN: "own", Type: typeNetwork, ID: "own", Outputs: map[string]any{"name": "slipway-local"}}

// TestRepairRefuses removes nothing that another checkout or another back end may have made.
func TestRepairRefuses(t *testing.T) {
	dir := engine(t, containersOf(t, container("a", "edge", true, 0)))
	_, err := Target{}.Repair(t.Context(), progress.New(io.Discard), stack, nil)
	if err == nil || !strings.Contains(err.Error(), "knows nothing of") || len(calls(t, dir)) > 0 {
		t.Errorf("containers of a lost state: got %v, changed %v", err, calls(t, dir))
	}
}

// TestRepairOfNetworks: what is left when containers were removed as the refusal advises must not stop the next up.
func TestRepairOfNetworks(t *testing.T) {
	for _, row := range []struct {
		name, networks, roots string
		state                 []cli.Resource
		changes               []string
		fails                 bool
	}{
		{name: "of the stack", networks: "own slipway-local\n", state: []cli.Resource{ownNetwork}},
		{name: "of a state that is lost", networks: "left slipway-local\n", roots: stack.Root + "\n", changes: []string{"network rm left"}},
		{name: "twice", networks: "left slipway-local\nown slipway-local\n", state: []cli.Resource{ownNetwork}, changes: []string{"network rm left"}},
		{name: "of another checkout", networks: "left slipway-local\n", roots: t.TempDir() + "\n", fails: true},
	} {
		dir := engine(t, map[string]string{"networks": row.networks, "roots": row.roots})
		_, err := Target{}.Repair(t.Context(), progress.New(io.Discard), stack, row.state)
		if (err != nil) != row.fails {
			t.Errorf("%s: %v", row.name, err)
		}
		if got := calls(t, dir); !slices.Equal(got, row.changes) {
			t.Errorf("%s: changed %v, want %v", row.name, got, row.changes)
		}
	}
}

func TestRepairFails(t *testing.T) {
	for _, row := range []struct{ fail, text string }{
		{"ps", "permission denied"}, {"rm", "in use"}, {"volume", "cannot connect"},
	} {
		t.Run(row.fail, func(t *testing.T) {
			files := containersOf(t, container("a", "edge", true, 0))
			files["fail-"+row.fail] = row.text
			engine(t, files)
			_, err := Target{}.Repair(t.Context(), progress.New(io.Discard), stack, []cli.Resource{ownNetwork, {Type: typeVolume, Outputs: map[string]any{"name": "v"}}})
			if err == nil || !strings.Contains(err.Error(), row.text) {
				t.Errorf("got %v, want %q", err, row.text)
			}
		})
	}
	engine(t, map[string]string{"ids": "a", "inspect": "no JSON"})
	if _, err := (Target{}).Repair(t.Context(), progress.New(io.Discard), stack, nil); err == nil {
		t.Error("what is no JSON is read")
	}
}

func TestPorts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	s := stack
	s.Config.Docker = stacks.Docker{HTTPSPort: taken}
	engine(t, nil)
	if err := portsFree(t.Context(), s); err == nil || !strings.Contains(err.Error(), "docker.httpsPort: "+l.Addr().String()+" is in use") {
		t.Errorf("got %v, want the key of the port", err)
	}
	engine(t, map[string]string{"ports": l.Addr().String() + "->8443/tcp\n"})
	if err := portsFree(t.Context(), s); err != nil {
		t.Errorf("the stack's own port is refused: %v", err)
	}
	engine(t, map[string]string{"fail-ps": "no engine"})
	if err := portsFree(t.Context(), s); err == nil || !strings.Contains(err.Error(), "no engine") {
		t.Errorf("got %v", err)
	}
}

func TestOtherCheckout(t *testing.T) {
	here, elsewhere := filepath.Join(t.TempDir(), "with a space"), t.TempDir()
	if err := os.Mkdir(here, 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(here, link); err != nil {
		t.Fatal(err)
	}
	s := stack
	s.Root = here
	for _, row := range []struct{ roots, want string }{
		{"", ""}, {here + "\n", ""}, {link + "\n", ""}, {elsewhere + "\n", "another checkout, " + elsewhere}, {filepath.Join(elsewhere, "moved away") + "\n", ""},
	} {
		engine(t, map[string]string{"roots": row.roots})
		err := ownedByOther(t.Context(), s)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%q: got %v, want %q", row.roots, err, row.want)
		}
	}
	engine(t, map[string]string{"fail-network": "no engine"})
	if err := ownedByOther(t.Context(), stack); err == nil {
		t.Error("no error without an engine")
	}
}

// TestDataOfOther: what another checkout has kept is neither opened nor deleted. What the state knows is the stack's own, wherever it was
// made.
func TestDataOfOther(t *testing.T) {
	elsewhere := t.TempDir()
	kept := cli.Resource{Type: typeVolume, Outputs: map[string]any{"name": "data"}}
	for _, row := range []struct {
		name, data string
		state      []cli.Resource
		refused    bool
	}{
		{name: "none"},
		{name: "its own", data: "data " + stack.Root + "\n"},
		{name: "of a version without the label", data: "data \n"},
		{name: "of a checkout that has moved here", data: "data " + filepath.Join(elsewhere, "gone") + "\n"},
		{name: "of another checkout", data: "data " + elsewhere + "\n", refused: true},
		{name: "of another checkout, beside its own", data: "data " + elsewhere + "\nmore " + elsewhere + "\n", state: []cli.Resource{kept}, refused: true},
		{name: "known to the state", data: "data " + elsewhere + "\n", state: []cli.Resource{kept}},
	} {
		dir := engine(t, map[string]string{"data": row.data})
		_, err := Target{}.Repair(t.Context(), progress.New(io.Discard), stack, row.state)
		if (err != nil) != row.refused || err != nil && !strings.Contains(err.Error(), elsewhere) || len(calls(t, dir)) > 0 {
			t.Errorf("%s: %v, changed %v", row.name, err, calls(t, dir))
		}
	}
}

func TestCleaned(t *testing.T) {
	dir := engine(t, map[string]string{"images": "slipway-local/links:1\nslipway-local/dbinit:2\n"})
	if err := (Target{}).Cleaned(t.Context(), progress.New(io.Discard), stack); err != nil {
		t.Fatal(err)
	}
	if got := calls(t, dir); !slices.Equal(got, []string{"image rm slipway-local/links:1 slipway-local/dbinit:2"}) {
		t.Errorf("called: %v", got)
	}
	engine(t, nil)
	if err := (Target{}).Cleaned(t.Context(), progress.New(io.Discard), stack); err != nil {
		t.Errorf("without images: %v", err)
	}
	engine(t, map[string]string{"fail-image": "no engine"})
	if err := (Target{}).Cleaned(t.Context(), progress.New(io.Discard), stack); err == nil {
		t.Error("no error without an engine")
	}
}

func TestLogs(t *testing.T) {
	files := containersOf(t, container("a", "edge", true, 0), container("b", "database", true, 0))
	files["log-a"], files["log-b"] = "one\ntwo\n", "three without an end"
	dir := engine(t, files)
	var out bytes.Buffer
	if err := (Target{}).Logs(t.Context(), &out, stack, cli.LogOptions{Since: "5m", Follow: true}); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(got)
	if want := []string{"slipway-local-a | one", "slipway-local-a | two", "slipway-local-b | three without an end"}; !slices.Equal(got, want) {
		t.Errorf("printed %q, want %q", got, want)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "calls")); err != nil || !strings.Contains(string(text), "logs --follow --since 5m a\n") {
		t.Errorf("called: %s, %v", text, err)
	}
	out.Reset()
	if err := (Target{}).Logs(t.Context(), &out, stack, cli.LogOptions{Component: "database"}); err != nil || strings.Contains(out.String(), "one") {
		t.Errorf("of the database alone: %q, %v", out.String(), err)
	}
	if err := (Target{}).Logs(t.Context(), &out, stack, cli.LogOptions{Component: "moon"}); err == nil || !strings.Contains(err.Error(), "the components are database, edge") {
		t.Errorf("an unknown component: %v", err)
	}
	engine(t, nil)
	if err := (Target{}).Logs(t.Context(), &out, stack, cli.LogOptions{}); err == nil || !strings.Contains(err.Error(), "has no containers") {
		t.Errorf("without containers: %v", err)
	}
	files["fail-logs"] = "gone"
	engine(t, files)
	if err := (Target{}).Logs(t.Context(), &out, stack, cli.LogOptions{}); err == nil || !strings.Contains(err.Error(), "reading logs of") {
		t.Errorf("logs that fail: %v", err)
	}
}
