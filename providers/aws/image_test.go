package aws

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// push records one image.
func push(t *testing.T, change func(*Settings), a components.ImageArgs, o componentstest.Options) *componentstest.Recording {
	t.Helper()
	o.Outputs = append(testAnswers(), o.Outputs...)
	r, err := componentstest.Record(func(ctx *pulumi.Context) error {
		p, err := newNetworkPlatform(ctx, change)
		if err != nil {
			return err
		}
		image, err := components.NewImage(ctx, p, "links", a, pulumi.Parent(p))
		if err != nil {
			return err
		}
		ctx.Export("ref", image.Ref.StringOutput)
		return nil
	}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var builtImage = components.ImageArgs{Context: "/src/app", Version: "0123456789ab"}

func TestBuiltImage(t *testing.T) {
	r := push(t, nil, builtImage, componentstest.Options{Outputs: []componentstest.Output{{Type: pushType, Property: "sha256Digest", Value: "sha256:abc"}}})
	image := sole(t, r, pushType)
	if image.Name != "links-0123456789ab-arm64" {
		t.Errorf("the resource is called %q: another version must be another resource", image.Name)
	}
	name, _ := image.At("name")[0].(string)
	if rest, ok := strings.CutPrefix(name, "123456789012.dkr.ecr.eu-west-1.amazonaws.com/slipway/links:0123456789ab-arm64-"); !ok || len(rest) != 6 {
		t.Errorf("the tag is %q, want the version and what no other push has", name)
	}
	wantExport(t, r, "ref", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/slipway/links@sha256:abc")
	wantProperty(t, image, "keepRemotely", true)
	wantProperty(t, image, "build.context", "/src/app")
	wantProperty(t, image, "build.dockerfile", "/src/app/Dockerfile") // not relative: docs/traps.md, 2026-12-01
	wantProperty(t, image, "build.platform", "linux/arm64")
	if !slices.Equal(image.IgnoreChanges, []string{"name", "build", "authConfig"}) {
		t.Errorf("changes of %v are ignored: a fresh token must push nothing", image.IgnoreChanges)
	}
	for _, leaf := range image.Leaves() {
		if strings.Contains(leaf.Text(), testToken) && !leaf.Secret {
			t.Errorf("%s shows the registry's token", leaf.Path)
		}
	}
	wantProperty(t, image, "authConfig.password", testToken)
	wantProperty(t, image, "authConfig.username", "AWS")
}

// A version that comes back is pushed again, and ECR refuses a tag that it has.
func TestNoTagTwice(t *testing.T) {
	first := sole(t, push(t, nil, builtImage, componentstest.Options{}), pushType)
	again := sole(t, push(t, nil, builtImage, componentstest.Options{Outputs: []componentstest.Output{{Type: tokenOfRegistry, Property: "password", Value: "eyJ-another"}}}), pushType)
	if first.At("name")[0] == again.At("name")[0] {
		t.Errorf("both pushes have the tag %v", first.At("name"))
	}
}

func TestReadyMadeImage(t *testing.T) {
	ready := components.ImageArgs{Reference: "ghcr.io/example/links@sha256:1", Platform: "linux/amd64"}
	image := sole(t, push(t, nil, ready, componentstest.Options{}), pushType)
	wantProperty(t, image, "build.context", "/src/providers/aws/mirror")
	wantProperty(t, image, "build.buildArgs.IMAGE", "ghcr.io/example/links@sha256:1")
	wantProperty(t, image, "build.platform", "linux/amd64")
	ready.Reference = "ghcr.io/example/links@sha256:2"
	if other := sole(t, push(t, nil, ready, componentstest.Options{}), pushType); other.Name == image.Name {
		t.Errorf("another image has the name %q too", other.Name)
	}
}

func TestRepository(t *testing.T) {
	for _, protected := range []bool{false, true} {
		r := push(t, func(s *Settings) { s.Protect = protected }, builtImage, componentstest.Options{})
		repository := sole(t, r, repositoryType)
		wantProperty(t, repository, "name", "slipway/slipway/production/links")
		wantProperty(t, repository, "imageTagMutability", "IMMUTABLE")
		wantProperty(t, repository, "imageScanningConfiguration.scanOnPush", true)
		wantProperty(t, repository, "forceDelete", !protected)
		rules, _ := sole(t, r, "aws:ecr/lifecyclePolicy:LifecyclePolicy").At("policy")[0].(string)
		if strings.Count(rules, "tagStatus") != 1 || !strings.Contains(rules, `"tagStatus":"untagged"`) {
			t.Errorf("images with a tag can expire, also one that serves: %s", rules)
		}
	}
	p := &Platform{project: "slipway", stack: "prod", account: "123456789012", part: "aws", settings: Settings{Region: "eu-west-1"}}
	if got := p.repositoryName("li--nks"); got != "slipway/slipway/prod/li-nks" {
		t.Errorf("got %q, which ECR refuses", got)
	}
	if got := p.repositoryARN("123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b@sha256:1"); got != "arn:aws:ecr:eu-west-1:123456789012:repository/a/b" {
		t.Errorf("got %q", got)
	}
}

func TestImagePreview(t *testing.T) {
	r := push(t, nil, builtImage, componentstest.Options{Preview: true})
	if image := sole(t, r, pushType); image.Name != "links-0123456789ab-arm64" {
		t.Errorf("the preview shows %q", image.Name)
	}
}
