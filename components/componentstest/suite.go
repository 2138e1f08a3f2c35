// Package componentstest is the conformance suite that the drivers of every cloud must pass. It makes each component with
// typical arguments and the longest name, against a monitor that creates nothing, and looks at what was registered.
//
//	func TestConformance(t *testing.T) {
//		componentstest.Run(t, componentstest.Case{Cloud: "aws", Setup: …})
//	}
package componentstest

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// Case is one cloud under test.
type Case struct {
	// Cloud is the cloud's name, as in the key cloud. Required.
	Cloud string
	// Setup makes the platform for an app. Required.
	Setup func(ctx *pulumi.Context, app string) (components.Platform, error)
	// Limits are the cloud's limits on names. Required.
	Limits []Limit
	// Checks are what else must hold on this cloud: encryption, and nothing public but the front door. Required.
	Checks []Check
	// Unsupported are the keys that this cloud cannot honour. Default: none.
	Unsupported []Unsupported
	// Empty are the outputs that are empty on this cloud, such as certificate.ca. Default: none.
	Empty []string
	// Divides are the resources that divide traffic between the slots: they alone change with the weights. Each is a type, or a type
	// and a name with a blank between. Required.
	Divides []string
	// Follows are, likewise, those that change when a candidate comes or goes, without an effect on what serves. Default: none.
	Follows []string
	// Change changes the typical arguments where this cloud can or must do otherwise. Default: none.
	Change func(*Args)
	// Outputs are outputs that need a certain form on this cloud. Default: none.
	Outputs []Output
}

// Limit is a cloud's limit on the names of one type of resource. Where the property is not given, Pulumi names the resource
// itself: its logical name, a hyphen and seven more characters.
type Limit struct {
	// Type is the resource's token, Property the path of the name with [*] for every index. Required.
	Type, Property string
	// Max is the greatest number of characters. Required.
	Max int
	// Pattern is what the cloud takes. Required.
	Pattern *regexp.Regexp
}

// Check is a property of the whole stack.
type Check struct {
	Name string
	Test func(t *testing.T, r *Recording)
}

// Unsupported is something that a cloud must refuse, already in a preview.
type Unsupported struct {
	// Key is the configuration key that the error must name.
	Key string
	// Change asks for it.
	Change func(*Args)
}

// kinds are the nine components.
var kinds = []string{"Image", "Service", "Database", "Cache", "Certificate", "Secret", "Alarm", "Dashboard", "Edge"}

// Run is the suite.
func Run(t *testing.T, c Case) {
	t.Helper()
	source := t.TempDir()
	if err := os.WriteFile(filepath.Join(source, "Dockerfile"), []byte("FROM scratch\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := c.record(source, false, nil)
	if err != nil {
		t.Fatalf("the stack with the longest name was not made: %v", err)
	}
	t.Run("every component is created", func(t *testing.T) {
		for _, kind := range kinds {
			if len(got.Of("slipway:components:"+kind)) == 0 {
				t.Errorf("there is no %s", kind)
			}
		}
	})
	t.Run("every resource has a component as parent", func(t *testing.T) { parented(t, c.Cloud, got) })
	t.Run("every resource uses an explicit provider", func(t *testing.T) { explicit(t, got) })
	t.Run("secrets are marked secret", func(t *testing.T) { concealed(t, got) })
	t.Run("images are built from what the version covers", func(t *testing.T) { c.builds(t, source, got) })
	t.Run("outputs are present", func(t *testing.T) { c.present(t, got) })
	t.Run("names are within the limits", func(t *testing.T) {
		for _, l := range c.Limits {
			l.check(t, got)
		}
	})
	for _, check := range c.Checks {
		t.Run(check.Name, func(t *testing.T) { check.Test(t, got) })
	}
	for _, row := range c.Unsupported {
		t.Run("refuses "+row.Key, func(t *testing.T) {
			_, err := c.record(source, true, row.Change)
			if !errors.Is(err, components.ErrUnsupported) || !strings.Contains(err.Error(), row.Key+":") {
				t.Errorf("got %v, want ErrUnsupported with the key %s", err, row.Key)
			}
		})
	}
	c.rollouts(t, source)
	t.Run("two runs register the same", func(t *testing.T) {
		again, err := c.record(source, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, again)
	})
	t.Run("a preview registers the same names", func(t *testing.T) {
		preview, err := c.record(source, true, nil)
		if err != nil {
			t.Fatalf("preview, with every output unknown: %v", err)
		}
		if want, names := urns(got), urns(preview); !slices.Equal(want, names) {
			t.Errorf("registered by the preview:\n%s\nregistered by the update:\n%s", strings.Join(names, "\n"), strings.Join(want, "\n"))
		}
	})
}

func (c Case) record(source string, preview bool, change func(*Args)) (*Recording, error) {
	a := typical(source)
	for _, f := range []func(*Args){c.Change, change} {
		if f != nil {
			f(&a)
		}
	}
	return Record(func(ctx *pulumi.Context) error {
		p, err := c.Setup(ctx, App)
		if err != nil {
			return err
		}
		return a.deploy(ctx, p)
	}, Options{
		Preview: preview, Outputs: c.Outputs,
		Secrets: map[string]string{configSecret: "the configuration key secrets", webhookSecret: "the configuration key alerts.webhook"},
	})
}

// parented wants the platform under the stack, the components under the platform, and everything else under one of these.
func parented(t *testing.T, cloud string, r *Recording) {
	t.Helper()
	platform := "slipway:" + cloud + ":Platform"
	if n := len(r.Of(platform)); n != 1 {
		t.Fatalf("there are %d resources of type %s, want one", n, platform)
	}
	for _, one := range r.Resources {
		above := typeOf(one.Parent)
		switch {
		case one.Type == platform || one.Type == probeType:
		case strings.HasPrefix(one.Type, "slipway:components:"):
			if above != platform {
				t.Errorf("%s has the parent %q, want the platform", one.URN, one.Parent)
			}
		case !strings.HasPrefix(above, "slipway:"):
			t.Errorf("%s has the parent %q, which is no component", one.URN, one.Parent)
		}
	}
}

func typeOf(urn string) string {
	parts := strings.Split(urn, "::")
	if len(parts) < 4 {
		return ""
	}
	qualified := strings.Split(parts[2], "$")
	return qualified[len(qualified)-1]
}

// explicit wants a provider that the program made itself for every resource and function.
func explicit(t *testing.T, r *Recording) {
	t.Helper()
	made := map[string]bool{}
	for _, one := range r.Resources {
		if strings.HasPrefix(one.Type, "pulumi:providers:") {
			made[one.URN] = true
		}
	}
	fromProgram := func(ref string) bool {
		i := strings.LastIndex(ref, "::")
		return i > 0 && made[ref[:i]]
	}
	for _, one := range r.Resources {
		if one.Custom && one.Type != probeType && !strings.HasPrefix(one.Type, "pulumi:providers:") && !fromProgram(one.Provider) {
			t.Errorf("%s has the provider %q, want an explicit one", one.URN, one.Provider)
		}
	}
	for token, ref := range r.Invokes {
		if !fromProgram(ref) {
			t.Errorf("function %s has the provider %q, want an explicit one", token, ref)
		}
	}
}

// concealed looks for every secret value in every input.
func concealed(t *testing.T, r *Recording) {
	t.Helper()
	if len(r.Secrets) < 3 {
		t.Errorf("%d secrets are known, so the stack has generated none", len(r.Secrets))
	}
	for _, one := range r.Resources {
		for _, leaf := range one.Leaves() {
			for secret, origin := range r.Secrets {
				if !leaf.Secret && strings.Contains(leaf.Text(), secret) {
					t.Errorf("%s of %s holds a secret (%s) in plain text", leaf.Path, one.URN, origin)
				}
			}
		}
	}
}

// present wants every output of every component to have a value.
func (c Case) present(t *testing.T, r *Recording) {
	t.Helper()
	probe, ok := r.Find(probeType, "probe")
	if !ok {
		t.Fatal("the outputs were never known")
	}
	for _, key := range slices.Sorted(maps.Keys(probe.Inputs)) {
		var texts []string
		for _, leaf := range probe.Leaves() {
			if leaf.Path == string(key) || strings.HasPrefix(leaf.Path, string(key)+".") {
				texts = append(texts, leaf.Text())
			}
		}
		empty := len(texts) == 0 || slices.Contains(texts, "")
		if want := slices.Contains(c.Empty, string(key)); empty != want {
			t.Errorf("%s is %q, empty should be %t", key, texts, want)
		}
	}
	if url := probe.At("edge.url"); len(url) != 1 || !strings.HasPrefix(url[0].(string), "https://") {
		t.Errorf("edge.url is %q, want one that starts with https://", url)
	}
}

func (l Limit) check(t *testing.T, r *Recording) {
	t.Helper()
	all := r.Of(l.Type)
	if len(all) == 0 {
		t.Errorf("the limit on %s is of no use: no such resource was made", l.Type)
	}
	for _, one := range all {
		names := one.At(l.Property)
		if len(names) == 0 && !strings.Contains(l.Property, "[*]") {
			names = []any{one.Name + "-1234567"}
		}
		for _, n := range names {
			name, _ := n.(string)
			if len(name) > l.Max {
				t.Errorf("%s %s: %s %q has %d characters, %d are allowed", l.Type, one.Name, l.Property, name, len(name), l.Max)
			}
			if !l.Pattern.MatchString(name) {
				t.Errorf("%s %s: %s %q does not match %s", l.Type, one.Name, l.Property, name, l.Pattern)
			}
		}
	}
}

// same compares the inputs of two runs, value by value.
func same(t *testing.T, a, b *Recording) {
	t.Helper()
	if !slices.Equal(urns(a), urns(b)) {
		t.Fatalf("the first run registered\n%s\nand the second\n%s", strings.Join(urns(a), "\n"), strings.Join(urns(b), "\n"))
	}
	for i, one := range a.Resources {
		if other := b.Resources[i]; !slices.Equal(one.Leaves(), other.Leaves()) {
			t.Errorf("%s differs:\n%v\n%v", one.URN, one.Leaves(), other.Leaves())
		}
	}
}

func urns(r *Recording) []string {
	var out []string
	for _, one := range r.Resources {
		out = append(out, one.URN)
	}
	return out
}
