package aws

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

const (
	secretType  = "aws:secretsmanager/secret:Secret"
	versionType = "aws:secretsmanager/secretVersion:SecretVersion"
	probeType   = "slipway:test:Probe"
	masterARN   = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-1-AbCdEf"
)

// storesOptions are what RDS would answer beside the account's facts.
func storesOptions(preview bool) componentstest.Options {
	return componentstest.Options{Preview: preview, Outputs: append(networkAnswers("eu-west-1a", "eu-west-1b", "eu-west-1c"), componentstest.Output{
		Type: "aws:rds/instance:Instance", Property: "masterUserSecrets", Value: []any{map[string]any{"secretArn": masterARN}},
	})}
}

// storesOf records a program with a platform; what the program returns is registered with a probe.
func storesOf(t *testing.T, change func(*Settings), program func(*pulumi.Context, *Platform) (pulumi.Map, error)) *componentstest.Recording {
	t.Helper()
	var recordings []*componentstest.Recording
	for _, preview := range []bool{true, false} {
		r, err := componentstest.Record(func(ctx *pulumi.Context) error {
			p, err := newNetworkPlatform(ctx, change)
			if err != nil {
				return err
			}
			state, err := program(ctx, p)
			if err != nil {
				return err
			}
			return ctx.RegisterResource(probeType, "probe", state, &pulumi.CustomResourceState{}, pulumi.Parent(p))
		}, storesOptions(preview))
		if err != nil {
			t.Fatalf("preview %t: %v", preview, err)
		}
		recordings = append(recordings, r)
	}
	if a, b := len(recordings[0].Resources), len(recordings[1].Resources); a != b {
		t.Errorf("a preview makes %d resources, an update %d", a, b)
	}
	return recordings[1]
}

// find returns the only resource of a type, or the one whose name ends as given.
func find(t *testing.T, r *componentstest.Recording, kind, end string) componentstest.Resource {
	t.Helper()
	all := slices.DeleteFunc(r.Of(kind), func(one componentstest.Resource) bool { return !strings.HasSuffix(one.Name, end) })
	if len(all) != 1 {
		t.Fatalf("there are %d resources of type %s that end in %q, want one", len(all), kind, end)
	}
	return all[0]
}

// properties are the values wanted at paths.
type properties map[string]any

func (want properties) check(t *testing.T, r componentstest.Resource) {
	t.Helper()
	for path, value := range want {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		if got := r.At(path); !slices.Equal(got, list) {
			t.Errorf("%s of %s is %v, want %v", path, r.Name, got, list)
		}
	}
}

// text is the only value at a path, as text.
func text(t *testing.T, r componentstest.Resource, path string) string {
	t.Helper()
	got := r.At(path)
	if len(got) != 1 {
		t.Fatalf("%s of %s has %d values, want one", path, r.Name, len(got))
	}
	out, _ := got[0].(string)
	return out
}

// secretOf finds the secret that a reference points to, and returns what is stored there.
func secretOf(t *testing.T, r *componentstest.Recording, ref string) string {
	t.Helper()
	for _, version := range r.Of(versionType) {
		if !strings.HasSuffix(version.Name, ref) {
			continue
		}
		for _, leaf := range version.Leaves() {
			if leaf.Path == "secretString" {
				if !leaf.Secret {
					t.Errorf("what is stored as %s is no secret of Pulumi's", version.Name)
				}
				return leaf.Text()
			}
		}
	}
	t.Fatalf("there is no secret %q", ref)
	return ""
}

func TestSecret(t *testing.T) {
	for prod, days := range map[bool]float64{false: 7, true: 30} {
		r := storesOf(t, func(s *Settings) { s.Prod = prod }, func(ctx *pulumi.Context, p *Platform) (pulumi.Map, error) {
			secret, err := components.NewSecret(ctx, p, "EXTRA_SECRET", components.SecretArgs{Value: pulumi.String("hush")}, pulumi.Parent(p))
			if err != nil {
				return nil, err
			}
			return pulumi.Map{"ref": secret.Ref.StringOutput}, nil
		})
		made := find(t, r, secretType, "")
		properties{"recoveryWindowInDays": days, "name": []any{}}.check(t, made)
		key := find(t, r, "aws:kms/key:Key", "")
		if !slices.Contains(made.Needs, key.URN) {
			t.Error("the secret is not encrypted with the stack's key")
		}
		if made.Name != "links-production-EXTRA_SECRET" {
			t.Errorf("the secret is called %q", made.Name)
		}
		if got := secretOf(t, r, "EXTRA_SECRET"); got != "hush" {
			t.Errorf("%q is stored", got)
		}
		probe, version := find(t, r, probeType, "probe"), find(t, r, versionType, "")
		if !slices.Contains(probe.Needs, version.URN) {
			t.Error("the reference can be used before there is a value")
		}
		if ref := text(t, probe, "ref"); !regexp.MustCompile(`^.+[^:]:::[^:]+$`).MatchString(ref) {
			t.Errorf("the reference is %q, want the secret with its version", ref)
		}
		for _, leaf := range made.Leaves() {
			if strings.Contains(leaf.Text(), "hush") {
				t.Errorf("%s of the secret holds its value", leaf.Path)
			}
		}
	}
}
