package componentstest

import (
	"errors"
	"slices"
	"testing"

	"github.com/slipway-iac/slipway/components"
)

// rollouts is the part of a rollout that a driver has to get right by itself: a candidate comes and goes without a change of anything
// that serves, and moving traffic changes nothing but what divides it. A shape that Change leaves one track runs one version at a time,
// and must refuse a second one.
func (c Case) rollouts(t *testing.T, source string) {
	t.Helper()
	a := typical(source)
	if c.Change != nil {
		c.Change(&a)
	}
	if len(a.Service.Tracks) < 2 {
		two := typical(source).Service.Tracks
		_, err := c.record(source, true, func(a *Args) { a.Service.Tracks = two })
		if !errors.Is(err, components.ErrUnsupported) {
			t.Errorf("a second version, which this shape can't reach by itself: got %v, want ErrUnsupported", err)
		}
		return
	}
	run := func(weights ...int) *Recording {
		t.Helper()
		r, err := c.record(source, false, func(a *Args) {
			a.Service.Tracks = a.Service.Tracks[:len(weights)]
			for i := range weights {
				a.Service.Tracks[i].Weight = weights[i]
			}
		})
		if err != nil {
			t.Fatalf("with the weights %v: %v", weights, err)
		}
		return r
	}
	alone, staged, shifted := run(100), run(100, 0), run(90, 10)
	t.Run("a candidate touches nothing that serves", func(t *testing.T) {
		for _, one := range changed(alone, staged) {
			if !among(c.Follows, one) {
				t.Errorf("%s changes, or goes, when a candidate comes", one.URN)
			}
		}
		if len(staged.Resources) <= len(alone.Resources) && len(changed(alone, staged)) == 0 {
			t.Error("a candidate makes no difference")
		}
	})
	t.Run("weights change nothing but what divides traffic", func(t *testing.T) {
		all := changed(staged, shifted)
		for _, one := range all {
			if !among(c.Divides, one) {
				t.Errorf("%s changes with the weights", one.URN)
			}
		}
		if len(all) == 0 {
			t.Error("nothing changes with the weights")
		}
		if len(staged.Resources) != len(shifted.Resources) {
			t.Errorf("there are %d resources, and %d with other weights", len(staged.Resources), len(shifted.Resources))
		}
	})
	t.Run("the key of the slots is a secret", func(t *testing.T) {
		probe, _ := staged.Find(probeType, "probe")
		for _, leaf := range probe.Leaves() {
			if leaf.Path == "edge.slotKey" && leaf.Text() != "" && leaf.Secret {
				return
			}
		}
		t.Error("the edge gives no secret SlotKey")
	})
}

func among(list []string, r Resource) bool {
	return slices.Contains(list, r.Type) || slices.Contains(list, r.Type+" "+r.Name)
}

// changed are the resources of a recording that are not in another one as they are. The probe is the suite's own.
func changed(from, to *Recording) []Resource {
	var out []Resource
	for _, one := range from.Resources {
		other, ok := to.Find(one.Type, one.Name)
		if one.Type != probeType && (!ok || !slices.Equal(one.Leaves(), other.Leaves())) {
			out = append(out, one)
		}
	}
	return out
}
