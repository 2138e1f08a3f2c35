package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/cli/progress"
)

func TestFollow(t *testing.T) {
	said := &bytes.Buffer{}
	f := newFollow(said, progress.New(said), "updating")
	step := func(op apitype.OpType, name string, customResource bool) apitype.StepEventMetadata {
		return apitype.StepEventMetadata{Op: op, URN: "urn:pulumi:s::p::docker:index/container:Container::" + name, Type: "docker:index/container:Container",
			New: &apitype.StepEventStateMetadata{Custom: customResource}}
	}
	for _, e := range []apitype.EngineEvent{
		{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: step(apitype.OpCreate, "edge", true)}},
		{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: step(apitype.OpCreate, "edge", true)}},
		{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: step(apitype.OpCreate, "component", false)}},
		{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: step(apitype.OpSame, "cache", true)}},
		{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: step(apitype.OpUpdate, "database", true)}},
		{ResOpFailedEvent: &apitype.ResOpFailedEvent{Metadata: step(apitype.OpUpdate, "database", true)}},
		{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: step(apitype.OpDelete, "old", true)}}, // never ends
		{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: step(apitype.OpDelete, "older", true)}},
		{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "warning", Message: "<{%fg 3%}>mind this<{%reset%}>\n", URN: "urn:pulumi:s::p::t::edge"}},
		{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "debug", Message: "noise"}},
		{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "info", Message: "passing", Ephemeral: true}},
		{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "info", Message: "  "}},
		{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "error", Message: "broken"}},
	} {
		f.events <- events.EngineEvent{EngineEvent: e}
	}
	close(f.events)
	f.wait()
	if got := f.summary(); got != "1 created, 1 deleted" {
		t.Errorf("the summary is %q", got)
	}
	contains(t, said.String(), "warning: edge: mind this\n", "error: broken\n")
	for _, part := range []string{"noise", "passing", "<{%"} {
		if strings.Contains(said.String(), part) {
			t.Errorf("%q is shown:\n%s", part, said)
		}
	}
	if !errors.Is(failed(f, errors.New("x")), errReported) {
		t.Error("what was printed is reported again")
	}
	if got := (&follow{}).summary(); got != "nothing changed" {
		t.Errorf("the summary of nothing is %q", got)
	}
}

func TestWords(t *testing.T) {
	for _, row := range [][2]string{
		{uncolored("<{%fg 1%}>red<{%reset%}> plain"), "red plain"},
		{uncolored("cut <{%fg"), "cut "},
		{uncolored("nothing"), "nothing"},
		{nameOf("urn:pulumi:s::p::t::edge"), "edge"},
		{nameOf(""), ""},
	} {
		if row[0] != row[1] {
			t.Errorf("got %q, want %q", row[0], row[1])
		}
	}
}

// TestFollowOfASilentRun: past two seconds the run itself has a line, but none while a resource has its own.
func TestFollowOfASilentRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		f := newFollow(&said, progress.New(&said), "updating stack local")
		edge := apitype.StepEventMetadata{Op: apitype.OpCreate, URN: "urn:pulumi:s::p::docker:index/container:Container::edge", Type: "docker:index/container:Container",
			New: &apitype.StepEventStateMetadata{Custom: true}}
		time.Sleep(3 * time.Second)
		f.events <- events.EngineEvent{EngineEvent: apitype.EngineEvent{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: edge}}}
		time.Sleep(3 * time.Second)
		f.events <- events.EngineEvent{EngineEvent: apitype.EngineEvent{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: edge}}}
		time.Sleep(time.Second)
		close(f.events)
		f.wait()
		if want := "updating stack local…\ncreating container edge…\ncreating container edge: done in 3s\n"; said.String() != want {
			t.Errorf("said\n%s\nwant\n%s", said.String(), want)
		}
	})
}

func TestPlainly(t *testing.T) {
	for message, want := range map[string]string{
		"an unhandled error occurred: 1 error occurred:\n\t* waiting for RPCs: marshaling properties: awaiting input property \"ready\": links-green-ready ended with exit code 1\n\n": "links-green-ready ended with exit code 1",
		"no such image": "no such image",
	} {
		if got := plainly(message); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
