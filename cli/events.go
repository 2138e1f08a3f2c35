package cli

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/cli/progress"
)

// errReported stands for a failure whose reasons are on the screen already.
var errReported = errors.New("failed: see above")

// follow turns the engine's events into progress: a line for each resource that takes a while, one for the run itself while no
// resource is under way, the messages of the program and the providers, and what changed.
type follow struct {
	w        io.Writer
	what     string // the run
	progress *progress.Printer
	open     map[string]*progress.Step
	changes  map[string]int
	errors   int
	last     string // error of a resource or the program, in the engine's words
	events   chan events.EngineEvent
	done     chan struct{}

	messages   bool        // only messages are shown, no operations
	onlyErrors bool        // and of those only errors
	caller     func() bool // tells that the caller says itself why the program has ended

	mu   sync.Mutex
	idle *progress.Step // of the run; nil while a resource is under way
	over bool
}

// newFollow begins to show a run, such as "updating stack local".
func newFollow(w io.Writer, p *progress.Printer, what string) *follow {
	f := startFollow(&follow{w: w, what: what, progress: p})
	f.wakeOrRest(true)
	return f
}

// newMessages follows a simulation: its operations are not worth a line.
// onlyErrors leaves out the rest of the messages too.
func newMessages(w io.Writer, p *progress.Printer, onlyErrors bool) *follow {
	return startFollow(&follow{w: w, progress: p, messages: true, onlyErrors: onlyErrors})
}

func startFollow(f *follow) *follow {
	f.open, f.changes = map[string]*progress.Step{}, map[string]int{}
	f.events, f.done = make(chan events.EngineEvent, 64), make(chan struct{})
	go func() {
		defer close(f.done)
		for e := range f.events {
			f.handle(e)
		}
		for _, step := range f.open {
			step.Done(errors.New("interrupted"))
		}
	}()
	return f
}

// wakeOrRest shows the run itself while it rests between resources: the engine is silent when the program runs and when it works out
// what depends on what.
func (f *follow) wakeOrRest(rests bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case rests && f.idle == nil && !f.over:
		f.idle = f.progress.Start(f.what)
	case !rests && f.idle != nil:
		f.idle.Drop()
		f.idle = nil
	}
}

// doing are the operations worth a line, in words. "same" and the halves of a replacement that create nothing are not.
var doing = map[apitype.OpType]string{
	apitype.OpCreate: "creating", apitype.OpCreateReplacement: "creating", apitype.OpUpdate: "updating",
	apitype.OpDelete: "deleting", apitype.OpDeleteReplaced: "deleting the old", apitype.OpRead: "reading", apitype.OpRefresh: "checking",
}

// custom tells a provider's resource from a component, which only groups others.
func custom(m apitype.StepEventMetadata) bool {
	return m.New != nil && m.New.Custom || m.Old != nil && m.Old.Custom
}

func (f *follow) handle(e events.EngineEvent) {
	switch {
	case e.ResourcePreEvent != nil:
		m := e.ResourcePreEvent.Metadata
		verb, ok := doing[m.Op]
		if !ok || e.ResourcePreEvent.Planning || !custom(m) || f.messages {
			return
		}
		what := describe(m)
		if strings.HasPrefix(what, "image ") && verb == "creating" {
			verb = "building"
		}
		f.wakeOrRest(false)
		f.open[m.URN+string(m.Op)] = f.progress.Start(verb + " " + what)
	case e.ResOutputsEvent != nil:
		m := e.ResOutputsEvent.Metadata
		f.end(m, nil)
		if custom(m) && m.Op != apitype.OpSame && m.Op != apitype.OpRefresh {
			f.changes[string(m.Op)]++
		}
	case e.ResOpFailedEvent != nil:
		f.end(e.ResOpFailedEvent.Metadata, errors.New("failed"))
	case e.DiagnosticEvent != nil:
		f.diagnostic(e.DiagnosticEvent)
	}
}

// wrapping is what Pulumi's SDK puts before an error of the program, or of an output that the program waits for.
var wrapping = regexp.MustCompile(`^(an unhandled error occurred: |program failed: |waiting for RPCs: |\d+ errors? occurred:\s+\* |marshaling properties: |awaiting (input|output) property "?[\w.\[\]]+"?: )+`)

// plainly is an error without that.
func plainly(message string) string {
	return strings.TrimSpace(wrapping.ReplaceAllString(message, ""))
}

func (f *follow) end(m apitype.StepEventMetadata, err error) {
	if step, ok := f.open[m.URN+string(m.Op)]; ok {
		step.Done(err)
		delete(f.open, m.URN+string(m.Op))
		f.wakeOrRest(len(f.open) == 0)
	}
}

// diagnostic prints warnings and errors, and what the program itself logs. Messages of no resource that are only about the
// engine's own progress are left out.
func (f *follow) diagnostic(d *apitype.DiagnosticEvent) {
	message := strings.TrimSpace(uncolored(d.Message))
	if message == "" || d.Ephemeral {
		return
	}
	if d.Severity == "error" && f.caller != nil && f.caller() {
		return
	}
	if d.Severity == "error" {
		f.errors++
		// The engine's own summary, which comes at the end, says less.
		if f.last == "" || d.URN != "" && !strings.HasPrefix(message, "update failed") {
			f.last = plainly(message)
		}
	}
	if d.Severity == "error" || !f.onlyErrors && (d.Severity == "warning" || d.Severity == "info") {
		about := ""
		if name := nameOf(d.URN); name != "" {
			about = name + ": "
		}
		f.progress.Println(fmt.Sprintf("%s: %s%s", d.Severity, about, message))
	}
}

// wait returns when every event is shown. The Automation API closes the channel, unless it failed before it opened the log.
func (f *follow) wait() {
	select {
	case <-f.done:
	case <-time.After(5 * time.Second):
	}
	f.mu.Lock()
	f.over = true
	f.mu.Unlock()
	f.wakeOrRest(false)
}

// summary says what changed, such as "12 created, 2 replaced".
func (f *follow) summary() string {
	words := []struct{ op, word string }{{"create", "created"}, {"update", "updated"}, {"create-replacement", "replaced"}, {"delete", "deleted"}}
	var parts []string
	for _, w := range words {
		if n := f.changes[w.op]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, w.word))
		}
	}
	if len(parts) == 0 {
		return "nothing changed"
	}
	return strings.Join(parts, ", ")
}

// describe names a resource for people: "container database".
func describe(m apitype.StepEventMetadata) string {
	kind := m.Type[strings.LastIndex(m.Type, ":")+1:]
	if kind == "RemoteImage" {
		kind = "image" // what docker calls an image that it pulls or builds
	}
	return strings.ToLower(kind) + " " + nameOf(m.URN)
}

func nameOf(urn string) string {
	if i := strings.LastIndex(urn, "::"); i >= 0 {
		return urn[i+2:]
	}
	return ""
}

// uncolored drops the engine's colour marks, such as <{%fg 1%}>.
func uncolored(s string) string {
	for {
		before, rest, ok := strings.Cut(s, "<{%")
		if !ok {
			return s
		}
		_, after, _ := strings.Cut(rest, "%}>")
		s = before + after
	}
}
