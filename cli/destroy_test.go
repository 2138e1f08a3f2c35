package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

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
