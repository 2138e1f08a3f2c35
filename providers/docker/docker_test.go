package docker

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// A step that ended badly fails the update with its last words; the provider itself ignores the exit code.
func TestFailedStepFailsTheUpdate(t *testing.T) {
	words := strings.Repeat("x", 3000) + "relation exists"
	_, err := componentstest.Record(func(ctx *pulumi.Context) error {
		p, err := testPlatform(ctx, "links")
		if err != nil {
			return err
		}
		image := components.ImageRef{StringOutput: pulumi.String("sha256:1").ToStringOutput()}
		_, err = components.NewService(ctx, p, "links", components.ServiceArgs{
			App: "links", Port: 8080, CPU: 1, MemoryMiB: 64, MinReplicas: 1, MaxReplicas: 1, Migrate: []string{"migrate"},
			Tracks: []components.Track{{Slot: components.Blue, Image: image, Version: "1", Weight: 100}},
		}, pulumi.Parent(p))
		return err
	}, componentstest.Options{Outputs: []componentstest.Output{
		{Type: containerType, Property: "exitCode", Value: 3.0}, {Type: containerType, Property: "containerLogs", Value: words},
	}})
	if err == nil || !strings.Contains(err.Error(), "exit code 3") || !strings.Contains(err.Error(), "relation exists") || strings.Contains(err.Error(), words) {
		t.Errorf("got %v, want the exit code and the end of the log", err)
	}
}

// TestReadyMadeImage is pulled for the architecture that is asked for.
func TestReadyMadeImage(t *testing.T) {
	recording, err := componentstest.Record(func(ctx *pulumi.Context) error {
		p, err := testPlatform(ctx, "links")
		if err != nil {
			return err
		}
		_, err = p.BuildImage(ctx, "links", components.ImageArgs{Reference: "example.com/links@sha256:1", Platform: "linux/arm64"})
		return err
	}, componentstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if all := recording.Of(imageType); len(all) != 1 || !slices.Equal(all[0].At("platform"), []any{"linux/arm64"}) {
		t.Errorf("the images are %+v", all)
	}
}

// TestPrefix: every stack that Pulumi takes has a name on the engine, the usual ones their own.
func TestPrefix(t *testing.T) {
	label := regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,61}$`)
	seen := map[string]string{}
	for _, row := range [][3]string{
		{"slipway", "local", "slipway-local"}, {"Shop", "DEV-1", "shop-dev-1"}, {"my_shop.2", "local", ""}, {"slipway", "pr_17", ""}, {"slipway", "pr.17", ""},
		{"slipway", "-", ""}, {"_", "_", ""}, {strings.Repeat("a", 60), "dev", ""}, {strings.Repeat("a", 60), "prod", ""}, {"slipway", strings.Repeat("b", 100), ""},
	} {
		got := Prefix(row[0], row[1])
		if !label.MatchString(got) || row[2] != "" && got != row[2] || seen[got] != "" {
			t.Errorf("%s/%s is called %q (%s)", row[0], row[1], got, seen[got])
		}
		seen[got] = row[0] + "/" + row[1]
	}
}

func TestContainerName(t *testing.T) {
	p := &Platform{prefix: "slipway-local"}
	if got := p.containerName("edge", 0); got != "slipway-local-edge" {
		t.Errorf("got %q", got)
	}
	long := strings.Repeat("a", 60)
	one, other := p.containerName(long+"-blue-1", 7), p.containerName(long+"-blue-2", 7)
	if one == other || len(one) > hostNameLimit-7 || !strings.HasSuffix(one, "-blue-1") || !label.MatchString(one) {
		t.Errorf("got %q and %q", one, other)
	}
}

func TestTail(t *testing.T) {
	for _, row := range [][2]string{{"", "(none)"}, {"abc", "abc"}, {"abcdef", "… def"}} {
		if got := tail(row[0], 3); got != row[1] {
			t.Errorf("tail of %q is %q, want %q", row[0], got, row[1])
		}
	}
}
