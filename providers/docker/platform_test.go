package docker

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// TestSecondService: two services on one platform would take each other's traffic.
func TestSecondService(t *testing.T) {
	_, err := componentstest.Record(func(ctx *pulumi.Context) error {
		p, err := testPlatform(ctx, "links")
		if err != nil {
			return err
		}
		image := components.ImageRef{StringOutput: pulumi.String("sha256:0").ToStringOutput()}
		for _, name := range []string{"links", "other"} {
			if _, err = components.NewService(ctx, p, name, components.ServiceArgs{
				App: name, Port: 8080, CPU: 1, MemoryMiB: 64, MinReplicas: 1, MaxReplicas: 1,
				Tracks: []components.Track{{Slot: components.Blue, Image: image, Version: "1", Weight: 100}},
			}, pulumi.Parent(p)); err != nil {
				return err
			}
		}
		return nil
	}, componentstest.Options{})
	if err == nil || !strings.Contains(err.Error(), `service "other": a Docker platform runs one service`) || !strings.Contains(err.Error(), "docker.httpsPort") {
		t.Errorf("got %v", err)
	}
}
