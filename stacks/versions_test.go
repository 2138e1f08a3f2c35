package stacks

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
	"github.com/slipway-iac/slipway/stacks/release"
)

// train is a stack with its outputs, on which updates follow each other.
type train struct {
	root    string
	in      Input
	outputs resource.PropertyMap
	asked   *recorder
	said    []string
	// unreadable says that the outputs can't be read.
	unreadable bool
}

func newTrain(t *testing.T, strategy string) *train {
	t.Helper()
	r := &train{root: checkout(t), in: input("cloud", "docker", "app", `{"name":"my-app"}`, "rollout", `{"strategy":"`+strategy+`"}`)}
	if err := r.update(t, nil); err != nil {
		t.Fatal(err)
	}
	return r
}

// update runs the program with the outputs of the last update, and keeps what it exports.
func (r *train) update(t *testing.T, do *release.Transition) error {
	t.Helper()
	r.in.Transition, r.in.Exports = do, &Exports{}
	program := Program{Cloud: CloudDocker, Platform: func(ctx *pulumi.Context, _ string, _ Config) (components.Platform, error) {
		made, err := newRecorder(ctx)
		r.asked = made
		return made, err
	}}
	recording, err := componentstest.Record(program.Inline(r.root, r.in), componentstest.Options{Previous: r.outputs, Unreadable: r.unreadable})
	r.said = recording.Messages
	known := r.in.Exports.Values()
	for name, v := range recording.Exports {
		if v.IsSecret() {
			v = v.SecretValue().Element
		}
		if got, want := known[string(name)], v.Mappable(); err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("the program knows output %s as %#v, the engine as %#v", name, got, want)
		}
	}
	if err == nil && (len(known) != len(recording.Exports) || known["health"] == nil) {
		t.Errorf("the program knows the outputs %v, the engine %v", known, recording.Exports)
	}
	if err == nil || recording.Exports != nil {
		r.outputs = recording.Exports
	}
	return err
}

// output is a text that the last update has left.
func (r *train) output(name resource.PropertyKey) string {
	text, _ := r.outputs[name].V.(string)
	return text
}

func (r *train) release(t *testing.T) release.Release {
	t.Helper()
	got, err := release.Parse(r.output("release"))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// edit changes the app's source and returns its version.
func (r *train) edit(t *testing.T, text string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.root, "app", "main.txt"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Load(r.in)
	if err != nil {
		t.Fatal(err)
	}
	source, err := appSource(r.root, c)
	if err != nil {
		t.Fatal(err)
	}
	return source.Version
}

// tracks are what the service was asked to run: slot, version and weight.
func (r *train) tracks() []components.Track {
	out := slices.Clone(r.asked.asked["service my-app"].(components.ServiceArgs).Tracks)
	for i := range out {
		out[i].Image = components.ImageRef{}
	}
	return out
}

func TestProgressiveUpdateLeavesTheAppAlone(t *testing.T) {
	r := newTrain(t, "canary")
	before, was := r.tracks(), r.release(t)
	version := r.edit(t, "new")
	if err := r.update(t, nil); err != nil {
		t.Fatal(err)
	}
	if got := r.tracks(); !slices.Equal(got, before) || r.output("version") != before[0].Version {
		t.Errorf("the tracks are %+v, before %+v; version %s", got, before, r.output("version"))
	}
	if image := r.asked.asked["image my-app"].(components.ImageArgs); image.Built != was.Serving().Image {
		t.Errorf("the new source is built: %+v", image)
	}
	if !slices.ContainsFunc(r.said, func(m string) bool { return strings.Contains(m, version) && strings.Contains(m, "rollout start") }) {
		t.Errorf("it does not say how the app is deployed: %q", r.said)
	}
}

func TestRollingUpdateReplacesInPlace(t *testing.T) {
	r := newTrain(t, "rolling")
	version := r.edit(t, "new")
	if err := r.update(t, nil); err != nil {
		t.Fatal(err)
	}
	want := []components.Track{{Slot: components.Blue, Version: version, Weight: 100, Sequence: 2}}
	if got := r.tracks(); !slices.Equal(got, want) || r.output("version") != version {
		t.Errorf("the tracks are %+v, want %+v", got, want)
	}
}

func TestTransitionsReachTheService(t *testing.T) {
	r := newTrain(t, "canary")
	old := r.tracks()[0].Version
	version := r.edit(t, "new")
	lease := release.Lease{Holder: "me@here", PID: 1, Until: time.Now().Add(time.Hour)}
	for _, step := range []struct {
		do   release.Transition
		want []components.Track
		live string
	}{
		{release.Transition{Action: release.Stage, Steps: []int{10, 100}}, []components.Track{
			{Slot: components.Blue, Version: old, Weight: 100, Sequence: 1}, {Slot: components.Green, Version: version, Sequence: 2}}, old},
		{release.Transition{Action: release.Shift, Step: 0}, []components.Track{
			{Slot: components.Blue, Version: old, Weight: 90, Sequence: 1}, {Slot: components.Green, Version: version, Weight: 10, Sequence: 2}}, old},
		{release.Transition{Action: release.Shift, Step: 1}, []components.Track{
			{Slot: components.Blue, Version: old, Sequence: 1}, {Slot: components.Green, Version: version, Weight: 100, Sequence: 2}}, old},
		{release.Transition{Action: release.Promote, Keep: time.Hour}, []components.Track{
			{Slot: components.Blue, Version: old, Sequence: 1}, {Slot: components.Green, Version: version, Weight: 100, Sequence: 2}}, version},
		{release.Transition{Action: release.Abort, Promoted: true, Reason: "by hand"}, []components.Track{
			{Slot: components.Blue, Version: old, Weight: 100, Sequence: 1}, {Slot: components.Green, Version: version, Sequence: 2}}, old},
		{release.Transition{Action: release.Clear}, []components.Track{{Slot: components.Blue, Version: old, Weight: 100, Sequence: 1}}, old},
	} {
		step.do.ID, step.do.Lease = "r1", lease
		if err := r.update(t, &step.do); err != nil {
			t.Fatalf("%s: %v", step.do.Action, err)
		}
		if got := r.tracks(); !slices.Equal(got, step.want) {
			t.Errorf("%s: the tracks are %+v, want %+v", step.do.Action, got, step.want)
		}
		edge := r.asked.asked["edge edge"].(components.EdgeArgs)
		if len(edge.Tracks) != len(step.want) || edge.Revision != r.release(t).Revision {
			t.Errorf("%s: the edge is told %+v, revision %d", step.do.Action, edge.Tracks, edge.Revision)
		}
		if r.output("version") != step.live {
			t.Errorf("%s: version is %s, want %s", step.do.Action, r.output("version"), step.live)
		}
		for slot, o := range r.release(t).Slots {
			if o.Image == "" {
				t.Errorf("%s: the image of slot %s is not recorded", step.do.Action, slot)
			}
		}
	}
}

// TestOutputsSurviveAFailure: the SDK exports what there is even when the program fails. A secret stays one.
func TestOutputsSurviveAFailure(t *testing.T) {
	r := newTrain(t, "canary")
	r.outputs["slotKey"] = resource.MakeSecret(resource.NewProperty("key"))
	before := r.outputs
	r.asked = nil
	err := r.update(t, &release.Transition{Action: release.Shift, ID: "none"})
	if !errors.Is(err, release.ErrRefused) {
		t.Fatalf("got %v, want a refusal", err)
	}
	if r.asked != nil {
		t.Error("a platform is made although nothing may change")
	}
	r.unreadable = true
	if err := r.update(t, nil); err == nil || !strings.Contains(err.Error(), "reading the stack's own outputs") || r.asked != nil {
		t.Errorf("with outputs that can't be read: %v", err)
	}
	if !before["health"].IsObject() || !r.outputs.DeepEquals(before) {
		t.Errorf("the outputs are %v, were %v", r.outputs, before)
	}
}

// TestReleaseIsNeverTakenForNone: the next update would begin anew with all of the traffic.
func TestReleaseIsNeverTakenForNone(t *testing.T) {
	r := newTrain(t, "canary")
	r.edit(t, "new")
	was := r.release(t)
	r.outputs["release"] = resource.MakeSecret(r.outputs["release"])
	if err := r.update(t, nil); err != nil || r.release(t).Serving().Version != was.Serving().Version {
		t.Errorf("after a release that was a secret %+v serves (%v), before it %+v", r.release(t).Serving(), err, was.Serving())
	}
	for want, unreadable := range map[string]resource.PropertyValue{
		"format 99":     resource.NewProperty(`{"format":99}`),
		"it is no text": resource.NewProperty(resource.PropertyMap{"format": resource.NewProperty(1.0)}),
	} {
		r.outputs["release"] = unreadable
		if err := r.update(t, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want: %s", err, want)
		}
	}
}

// TestExportsWithoutAProgram: the caller then asks the back end.
func TestExportsWithoutAProgram(t *testing.T) {
	if got := (&Exports{}).Values(); got != nil {
		t.Errorf("a program that has exported nothing knows %v", got)
	}
}
