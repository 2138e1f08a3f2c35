package azure

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components/componentstest"
)

// watched is a change of settings that notes what is done.
func watched(o *operations, more func(*Settings)) func(*Settings) {
	return func(s *Settings) {
		if more != nil {
			more(s)
		}
		s.Operations = o
	}
}

// dbinit and the migration run once each, in this order, before the app; what does not run is not deployed.
func TestStepsRunBeforeTheApp(t *testing.T) {
	o := &operations{}
	r := recorded(t, watched(o, nil), nil)
	if !slices.Equal(o.run, []string{"links-production-dbinit", "links-production-migrate"}) {
		t.Errorf("run are %v", o.run)
	}
	for _, one := range r.Of(token("app:Job")) {
		wantProperty(t, one, "configuration.triggerType", "Manual")
		wantProperty(t, one, "configuration.replicaRetryLimit", 0.0)
		wantProperty(t, one, "template.containers[*].resources.cpu", stepCPU)
		wantProperty(t, one, "template.containers[*].resources.memory", "1Gi")
		told := ""
		for _, leaf := range one.Leaves() {
			if before, ok := strings.CutSuffix(leaf.Path, ".name"); ok && leaf.Text() == contentVariable {
				told = leafAt(one, before+".value")
			}
		}
		if !slices.Contains(o.content, told) || told == "" {
			t.Errorf("%s is told the content %q, and run were %v", one.Name, told, o.content)
		}
	}
	for _, step := range []string{"dbinit", "migrate"} {
		w := defaultWhole(watched(&operations{fail: step}, nil))
		if _, err := w.record(); err == nil || !strings.Contains(err.Error(), step+" has not succeeded") || !strings.Contains(err.Error(), "exit code 3") {
			t.Errorf("%s fails: %v", step, err)
		}
	}
}

// A change of weights and the same version again run nothing else; another version does, and going back does not.
func TestStepsRunOnceForEachVersion(t *testing.T) {
	ran := func(run tracks, outputs ...componentstest.Output) []string {
		t.Helper()
		o := &operations{}
		last := run[len(run)-1]
		ready := componentstest.Output{Type: functionOf + "ContainerApp", Property: "latestReadyRevisionName", Value: "links-production--s" + string(rune('0'+last.Sequence)) + "-0a1b2c3d"}
		if _, err := serve(watched(o, nil), run, append([]componentstest.Output{ready}, outputs...)...); err != nil {
			t.Fatal(err)
		}
		return o.content
	}
	staged := ran(tracks{at("blue", 1, 100), at("green", 2, 0)})
	if quarter := ran(tracks{at("blue", 1, 75), at("green", 2, 25)}); len(staged) != 1 || !slices.Equal(staged, quarter) {
		t.Errorf("weights change what is run: %v, then %v", staged, quarter)
	}
	if other := ran(tracks{at("green", 2, 100), at("blue", 3, 0)}); slices.Equal(other, staged) {
		t.Errorf("another version runs %v again", other)
	}
	back := live("links-production--s2-0a1b2c3d", map[string]string{"blue": "links-production--s1-0a1b2c3d"})
	if again := ran(tracks{at("blue", 1, 100)}, back...); len(again) != 0 {
		t.Errorf("going back runs %v", again)
	}
}

// Nothing runs in a preview, and the app can be planned in one.
func TestPreviewRunsNothing(t *testing.T) {
	o := &operations{}
	_, err := componentstest.Record(func(ctx *pulumi.Context) error {
		_, err := platformWith(watched(o, nil))(ctx, "links")
		return err
	}, componentstest.Options{Outputs: testAnswers(), Preview: true})
	if err != nil || len(o.run)+len(o.stopped) > 0 {
		t.Errorf("in a preview %v were run and %v stopped: %v", o.run, o.stopped, err)
	}
}

// When a version is ready, the revisions that have no slot are stopped, by plain `pulumi up` too.
func TestLeftRevisionsAreStopped(t *testing.T) {
	o := &operations{}
	ready := componentstest.Output{Type: functionOf + "ContainerApp", Property: "latestReadyRevisionName", Value: "links-production--s2-0a1b2c3d"}
	if _, err := serve(watched(o, nil), tracks{at("blue", 1, 100), at("green", 2, 0)}, ready); err != nil {
		t.Fatal(err)
	}
	slices.Sort(o.kept)
	if !slices.Equal(o.stopped, []string{"links-production"}) || !slices.Equal(o.kept, []string{"links-production--s1-0a1b2c3d", "links-production--s2-0a1b2c3d"}) {
		t.Errorf("of %v are kept %v", o.stopped, o.kept)
	}
}

// A version that is replaced in place is the only revision; two at a time, and going back, need more.
func TestRevisionsMode(t *testing.T) {
	rolling := func(s *Settings) { s.Rolling = true }
	back := live("links-production--s2-0a1b2c3d", map[string]string{"blue": "links-production--s1-0a1b2c3d"})
	for _, row := range []struct {
		name, want string
		change     func(*Settings)
		run        tracks
		outputs    []componentstest.Output
	}{
		{"rolling", "Single", rolling, tracks{at("blue", 1, 100)}, nil},
		{"rolling, in the middle of a rollout", "Multiple", rolling, tracks{at("blue", 1, 100), at("green", 1, 0)}, nil},
		{"rolling, after an abort", "Multiple", rolling, tracks{at("blue", 1, 100)}, back},
		{"two at a time", "Multiple", nil, tracks{at("blue", 1, 100)}, nil},
	} {
		ready := componentstest.Output{Type: functionOf + "ContainerApp", Property: "latestReadyRevisionName", Value: "links-production--s1-0a1b2c3d"}
		r, err := serve(row.change, row.run, append([]componentstest.Output{ready}, row.outputs...)...)
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		wantProperty(t, sole(t, r, appKind), "configuration.activeRevisionsMode", row.want)
	}
}
