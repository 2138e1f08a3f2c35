package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks"
)

func TestAskForData(t *testing.T) {
	data := []Resource{{URN: "a::b::database-data", Protect: true}}
	c, _ := newCommand(t)
	if yes, err := c.askForData(t.Context(), data); yes || err != nil {
		t.Errorf("without the flag: %t, %v", yes, err)
	}
	c.deleteData, c.in = true, strings.NewReader("")
	if yes, err := c.askForData(t.Context(), data); !yes || err != nil {
		t.Errorf("with the flag, no terminal: %t, %v", yes, err)
	}
}

// TestConfirm: a stack in a cloud is never removed without being asked twice.
func TestConfirm(t *testing.T) {
	some := []Resource{{URN: "a::b::network"}}
	for _, row := range []struct {
		name    string
		cloud   stacks.Cloud
		yes     bool
		all     []Resource
		message string
	}{
		{"docker", stacks.CloudDocker, false, some, ""},
		{"nothing there", stacks.CloudAWS, false, nil, ""},
		{"said yes", stacks.CloudAWS, true, some, ""},
		{"nobody to ask", stacks.CloudAWS, false, some, "needs --yes"},
		{"kept by Pulumi", stacks.CloudAWS, true, []Resource{{URN: "a::b::data", Protect: true}}, "data (protect). Nothing was removed"},
		{"kept by AWS", stacks.CloudAWS, true, []Resource{{URN: "a::b::db", Type: "aws:rds/instance:Instance", Outputs: map[string]any{"deletionProtection": true}}}, "db (deletionProtection)"},
		{"not kept", stacks.CloudAWS, true, []Resource{{URN: "a::b::db", Type: "aws:rds/instance:Instance", Outputs: map[string]any{"deletionProtection": false}}}, ""},
	} {
		c, _ := newCommand(t)
		c.program.Cloud, c.yes, c.in = row.cloud, row.yes, strings.NewReader("")
		if err := c.confirm(t.Context(), row.all); (err == nil) != (row.message == "") || err != nil && !strings.Contains(err.Error(), row.message) {
			t.Errorf("%s: %v, want %q", row.name, err, row.message)
		}
	}
	c, _ := newCommand(t)
	c.stack = "prod"
	for answer, right := range map[string]bool{"prod\n": true, "dev\n": false, "": false} {
		c.in = strings.NewReader(answer)
		if err := c.typeName(t.Context(), "This removes all."); (err == nil) != right {
			t.Errorf("%q: %v", answer, err)
		}
	}
}

// TestQuestionEndsWithTheContext: Ctrl-C at the question ends the command, though nobody answers.
func TestQuestionEndsWithTheContext(t *testing.T) {
	c, _ := newCommand(t)
	nobody, writer := io.Pipe()
	defer writer.Close()
	c.in = nobody
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if err := c.typeName(ctx, "This removes all."); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// holding is a target on which something of the cloud's own holds a destruction up.
type holding struct {
	*fakeTarget
	asked   int
	unblock func(asked int) (bool, string, error)
}

func (h *holding) Unblock(context.Context, *progress.Printer, Stack, []Resource) (bool, string, error) {
	h.asked++
	return h.unblock(h.asked)
}

// What holds a destruction up and can be removed is removed, and the rest is destroyed in the same run; what can't says until when.
func TestDestroyIsHeldUp(t *testing.T) {
	for name, row := range map[string]struct {
		unblock   func(p *project, asked int) (bool, string, error)
		code      int
		destroyed int
		say       string
	}{
		"removed": {func(p *project, _ int) (bool, string, error) {
			return true, "", os.Remove(filepath.Join(p.fake, "fail-destroy"))
		}, exitOK, 2, "Stack local is destroyed"},
		"kept by Google":   {func(*project, int) (bool, string, error) { return true, "run it again after 17:05", nil }, exitFailed, 2, "not gone yet: run it again after 17:05"},
		"something else":   {func(*project, int) (bool, string, error) { return false, "", nil }, exitFailed, 1, "in use"},
		"can't be removed": {func(*project, int) (bool, string, error) { return true, "", errors.New("no right to") }, exitFailed, 1, "no right to"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t)
			p.answer(t, "fail-destroy", "in use")
			target := &holding{fakeTarget: p.target, unblock: func(asked int) (bool, string, error) { return row.unblock(p, asked) }}
			var out, errOut bytes.Buffer
			code := run(t.Context(), stacks.Program{Cloud: stacks.CloudDocker, Platform: func(*pulumi.Context, string, stacks.Config) (components.Platform, error) {
				return nil, errors.New("the fake pulumi runs no program")
			}}, target, []string{"destroy"}, nil, &out, &errOut)
			if calls := p.calls(t, "destroy"); code != row.code || len(calls) != row.destroyed || !strings.Contains(errOut.String(), row.say) {
				t.Errorf("exit code %d after %d destroys:\n%s", code, len(calls), errOut.String())
			}
		})
	}
}
