package docker

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// nothingTakesInstancesAway asserts that no instance's inputs come, however far away, from a resource that is deleted before it is
// replaced: Pulumi would delete the instances first too, and with them the version that serves. The network is the exception: what
// has it replaced can't spare the instances.
func nothingTakesInstancesAway(t *testing.T, r *componentstest.Recording) {
	byURN := map[string]componentstest.Resource{}
	var queue []string
	for _, one := range r.Resources {
		byURN[one.URN] = one
		if slices.Contains(one.At("labels[*].label"), any(LabelSlot)) {
			queue = append(queue, one.URN)
		}
	}
	if len(queue) == 0 {
		t.Fatal("there are no instances")
	}
	seen := map[string]bool{}
	for len(queue) > 0 {
		one := byURN[queue[0]]
		queue = queue[1:]
		if seen[one.URN] {
			continue
		}
		seen[one.URN] = true
		if one.Type == containerType && !one.ReplaceOrderSaid {
			t.Errorf("%s does not say that it is replaced before it is deleted, and the provider's default is the other way round", one.Name)
		}
		if one.DeleteBeforeReplace && one.Type != networkType {
			t.Errorf("%s is deleted before it is replaced, and instances depend on it", one.Name)
		}
		queue = append(queue, one.Needs...)
	}
	if !slices.ContainsFunc(r.Of(containerType), func(c componentstest.Resource) bool { return seen[c.URN] && strings.HasSuffix(c.Name, "-migrate") }) {
		t.Error("instances do not wait for the migrations")
	}
}

// TestNeverReady has the container that waits for the instances fail: the program must fail with it, or Pulumi would go on to
// delete the instances of the version before.
func TestNeverReady(t *testing.T) {
	for code, want := range map[int]string{0: "", 1: "links-blue-ready ended with exit code 1"} {
		_, err := componentstest.Record(func(ctx *pulumi.Context) error {
			p, err := testPlatform(ctx, "links")
			if err != nil {
				return err
			}
			image := components.ImageRef{StringOutput: pulumi.String("sha256:0").ToStringOutput()}
			_, err = components.NewService(ctx, p, "links", components.ServiceArgs{
				App: "links", Port: 8080, CPU: 1, MemoryMiB: 64, MinReplicas: 2, MaxReplicas: 2,
				Tracks: []components.Track{{Slot: components.Blue, Image: image, Version: "1", Weight: 100}},
			}, pulumi.Parent(p))
			return err
		}, componentstest.Options{Outputs: []componentstest.Output{{Type: containerType, Property: "exitCode", Value: code}}})
		switch {
		case want == "" && err != nil:
			t.Errorf("with exit code %d: %v", code, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("with exit code %d the program's error is %v, want %q", code, err, want)
		}
	}
}

// trafficAfterReadiness asserts that no alias of an instance is one that the proxy's own configuration sends traffic to, or that it shares
// with instances of another template, and that the step which tells the proxy the alias of a track waits for the track's gate.
func trafficAfterReadiness(t *testing.T, r *componentstest.Recording) {
	told, _ := r.Find(containerType, "edge-weights")
	envs := told.At("envs[*]")
	for _, slot := range []components.Slot{components.Blue, components.Green} {
		instances := 0
		for _, c := range r.Of(containerType) {
			if !strings.Contains(c.Name, "-"+string(slot)+"-") || !slices.Contains(c.At("labels[*].label"), any(LabelSlot)) {
				continue
			}
			instances++
			aliases := c.At("networksAdvanced[*].aliases[*]")
			if len(aliases) != 2 || aliases[0] != replicasHost(slot) {
				t.Fatalf("%s has the aliases %v", c.Name, aliases)
			}
			if track := aliases[1].(string); track == slotHost(slot) || !slices.Contains(envs, any(strings.ToUpper(string(slot))+"_POOL="+track)) {
				t.Errorf("%s has the alias %s, and the proxy is told %v", c.Name, track, envs)
			}
		}
		if instances == 0 && !slices.Contains(envs, any(strings.ToUpper(string(slot))+"_POOL="+slotHost(slot))) {
			t.Errorf("slot %s is empty, and the proxy is told %v", slot, envs)
		}
		if instances > 0 && !slices.ContainsFunc(needs(r, told), func(one componentstest.Resource) bool { return strings.HasSuffix(one.Name, string(slot)+"-ready") }) {
			t.Errorf("the proxy is told of the instances of slot %s before they are ready", slot)
		}
	}
}

// needs are the resources that the inputs of a resource come from, however far away.
func needs(r *componentstest.Recording, of componentstest.Resource) []componentstest.Resource {
	byURN, seen := map[string]componentstest.Resource{}, map[string]bool{}
	for _, one := range r.Resources {
		byURN[one.URN] = one
	}
	var out []componentstest.Resource
	for queue := slices.Clone(of.Needs); len(queue) > 0; queue = queue[1:] {
		if urn := queue[0]; !seen[urn] {
			seen[urn] = true
			out, queue = append(out, byURN[urn]), append(queue, byURN[urn].Needs...)
		}
	}
	return out
}
