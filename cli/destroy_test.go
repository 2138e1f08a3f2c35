package cli

import (
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/stacks"
)

func TestAskForData(t *testing.T) {
	data := []Resource{{URN: "a::b::database-data", Protect: true}}
	c, _ := newCommand(t)
	if yes, err := c.askForData(data); yes || err != nil {
		t.Errorf("without the flag: %t, %v", yes, err)
	}
	c.deleteData, c.in = true, strings.NewReader("")
	if yes, err := c.askForData(data); !yes || err != nil {
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
	} {
		c, _ := newCommand(t)
		c.program.Cloud, c.yes, c.in = row.cloud, row.yes, strings.NewReader("")
		if err := c.confirm(row.all); (err == nil) != (row.message == "") || err != nil && !strings.Contains(err.Error(), row.message) {
			t.Errorf("%s: %v, want %q", row.name, err, row.message)
		}
	}
	c, _ := newCommand(t)
	c.stack = "prod"
	for answer, right := range map[string]bool{"prod\n": true, "dev\n": false, "": false} {
		c.in = strings.NewReader(answer)
		if err := c.typeName("This removes all."); (err == nil) != right {
			t.Errorf("%q: %v", answer, err)
		}
	}
}
