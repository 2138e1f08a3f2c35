package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The two secrets that must not be readable anywhere in the state.
const envSecret, uploadSecret = "env-5ecret-value", "upload-5ecret-value"

// settings are what the test changes between one update and the next.
type settings struct {
	build      string // folder of the Dockerfile
	trigger    string
	hostname   string // a change replaces the container
	memory     int    // a change updates it in place
	volumeNote string // a change replaces the explicitly named volume
	healthy    bool   // or the health check fails
}

func program(s settings) pulumi.RunFunc {
	check := "check"
	if !s.healthy {
		check = "fail"
	}
	return func(ctx *pulumi.Context) error {
		network, err := docker.NewNetwork(ctx, "net", nil)
		if err != nil {
			return err
		}
		volume, err := docker.NewVolume(ctx, "vol", &docker.VolumeArgs{
			Name:   pulumi.String("slipway-forwarder-test"),
			Labels: docker.VolumeLabelArray{docker.VolumeLabelArgs{Label: pulumi.String("note"), Value: pulumi.String(s.volumeNote)}},
		})
		if err != nil {
			return err
		}
		image, err := docker.NewRemoteImage(ctx, "img", &docker.RemoteImageArgs{
			Name:     pulumi.String("slipway-forwarder-test:1"),
			Build:    docker.RemoteImageBuildArgs{Context: pulumi.String(s.build), Dockerfile: pulumi.String("Dockerfile")},
			Triggers: pulumi.StringMap{"content": pulumi.String(s.trigger)},
			// Not kept, the replaced image's deletion would take the new one's tag away: it goes by name.
			KeepLocally: pulumi.Bool(true),
		})
		if err != nil {
			return err
		}
		container, err := docker.NewContainer(ctx, "app", &docker.ContainerArgs{
			Image: image.ImageId, Hostname: pulumi.String(s.hostname), Memory: pulumi.Int(s.memory), MemorySwap: pulumi.Int(s.memory),
			Command: pulumi.ToStringArray([]string{"/probe", "serve"}),
			Envs:    pulumi.StringArray{pulumi.String("PLAIN=1"), pulumi.Sprintf("TOKEN=%s", pulumi.ToSecret(pulumi.String(envSecret)))},
			// No read-only root here: the provider uploads into the container itself, which the engine then refuses.
			Restart: pulumi.String("unless-stopped"), User: pulumi.String("65532:65532"),
			Capabilities: docker.ContainerCapabilitiesArgs{Drops: pulumi.ToStringArray([]string{"ALL"})},
			SecurityOpts: pulumi.ToStringArray([]string{"no-new-privileges:true"}),
			LogDriver:    pulumi.String("json-file"),
			// Both: the upstream provider reads back what the Docker daemon's own defaults add, and would replace the
			// container for ever.
			LogOpts: pulumi.StringMap{"max-size": pulumi.String("1m"), "max-file": pulumi.String("2")},
			Tmpfs:   pulumi.StringMap{"/tmp": pulumi.String("size=1m")},
			Labels:  docker.ContainerLabelArray{docker.ContainerLabelArgs{Label: pulumi.String("dev.slipway.test"), Value: pulumi.String("forwarder")}},
			Ulimits: docker.ContainerUlimitArray{docker.ContainerUlimitArgs{Name: pulumi.String("nofile"), Soft: pulumi.Int(1024), Hard: pulumi.Int(2048)}},
			Hosts:   docker.ContainerHostArray{docker.ContainerHostArgs{Host: pulumi.String("db"), Ip: pulumi.String("127.0.0.2")}},
			Ports:   docker.ContainerPortArray{docker.ContainerPortArgs{Internal: pulumi.Int(8080), Ip: pulumi.String("127.0.0.1"), External: pulumi.Int(18080)}},
			Mounts: docker.ContainerMountArray{docker.ContainerMountArgs{
				Type: pulumi.String("volume"), Source: volume.Name, Target: pulumi.String("/data"),
			}},
			Uploads: docker.ContainerUploadArray{docker.ContainerUploadArgs{
				File: pulumi.String("/data/config"), Content: pulumi.ToSecret(pulumi.String(uploadSecret)).(pulumi.StringOutput),
			}},
			NetworksAdvanced: docker.ContainerNetworksAdvancedArray{docker.ContainerNetworksAdvancedArgs{
				Name: network.Name, Aliases: pulumi.ToStringArray([]string{"app"}),
			}},
			Healthcheck: docker.ContainerHealthcheckArgs{
				Tests:    pulumi.ToStringArray([]string{"CMD", "/probe", check}),
				Interval: pulumi.String("1s"), Timeout: pulumi.String("3s"), Retries: pulumi.Int(5), StartPeriod: pulumi.String("1s"),
			},
			Wait: pulumi.Bool(true), WaitTimeout: pulumi.Int(20), DestroyGraceSeconds: pulumi.Int(5),
		})
		if err != nil {
			return err
		}
		ctx.Export("container", container.Name)
		ctx.Export("network", network.Name)
		return nil
	}
}

// TestEngine drives the plugin with the real engine, the real bridge and the real Docker Engine.
func TestEngine(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short")
	}
	for _, name := range []string{"pulumi", bridgeProgram, providerProgram, "docker"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is not on PATH: `make test` puts it there; -short leaves this test out", name)
		}
	}
	if err := exec.Command("docker", "version").Run(); err != nil {
		t.Fatalf("no Docker Engine answers: %v; -short leaves this test out", err)
	}
	// The layout of Pulumi's own plugin cache, as the toolchain package makes it.
	home, backend := t.TempDir(), t.TempDir()
	folder := filepath.Join(home, "plugins", "resource-docker-v"+version)
	if out, err := exec.Command("go", "build", "-o", filepath.Join(folder, "pulumi-resource-docker"), ".").CombinedOutput(); err != nil {
		t.Fatalf("building the plugin: %v\n%s", err, out)
	}
	s := settings{build: probeImage(t), trigger: "1", hostname: "one", memory: 64, volumeNote: "a", healthy: true}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	stack, err := auto.UpsertStackInlineSource(ctx, "test", "forwarder", program(s),
		auto.EnvVars(map[string]string{
			"PULUMI_BACKEND_URL":                          "file://" + backend,
			"PULUMI_CONFIG_PASSPHRASE":                    "test",
			"PULUMI_HOME":                                 home,
			"PULUMI_SKIP_UPDATE_CHECK":                    "true",
			"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
		}))
	if err != nil {
		t.Fatal(err)
	}
	destroyed := false
	t.Cleanup(func() { _ = exec.Command("docker", "rmi", "-f", "slipway-forwarder-test:1").Run() })
	t.Cleanup(func() {
		if !destroyed {
			_, _ = stack.Destroy(context.Background())
		}
	})
	up := func(what string, s settings, want map[string]int) {
		t.Helper()
		stack.Workspace().SetProgram(program(s))
		result, err := stack.Up(ctx, optup.ErrorProgressStreams(os.Stderr))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if strings.Contains(result.StdOut, "warning:") {
			t.Errorf("%s: the engine warns:\n%s", what, result.StdOut)
		}
		got := *result.Summary.ResourceChanges
		for kind, n := range want {
			if got[kind] != n {
				t.Errorf("%s: %d resources with %q, want %d: %v\n%s", what, got[kind], kind, n, got, result.StdOut)
			}
		}
	}
	up("first up", s, map[string]int{"create": 5})
	checkContainer(t, ctx, stack)
	noSecretIn(t, backend)
	first := export(t, ctx, stack)
	up("second up", s, map[string]int{"same": 5, "update": 0, "replace": 0})

	s.memory = 96
	up("memory changed", s, map[string]int{"update": 1, "replace": 0})
	s.hostname = "two"
	up("host name changed", s, map[string]int{"replace": 1, "same": 4})
	second := export(t, ctx, stack)
	if first["app"].Inputs["name"] == second["app"].Inputs["name"] {
		t.Errorf("the replaced container kept its made-up name %v", second["app"].Inputs["name"])
	}
	s.volumeNote = "b"
	up("named volume changed", s, map[string]int{"replace": 2})
	// A container that is created but never gets healthy must not be forgotten.
	s.healthy = false
	s.hostname = "three"
	stack.Workspace().SetProgram(program(s))
	if _, err := stack.Up(ctx); err == nil || !strings.Contains(err.Error(), "healthy") {
		t.Errorf("an unhealthy container passed: %v", err)
	}
	if broken := export(t, ctx, stack)["app"]; len(broken.InitErrors) == 0 {
		t.Errorf("the unhealthy container is not in the state as one that didn't come up: %v", broken)
	}
	s.healthy = true
	up("repaired", s, map[string]int{"same": 4})
	s.trigger = "2"
	if err := os.WriteFile(filepath.Join(s.build, "note"), []byte("2"), 0o600); err != nil {
		t.Fatal(err)
	}
	up("image trigger changed", s, map[string]int{"replace": 2})
	if _, err := stack.Refresh(ctx); err != nil {
		t.Fatalf("refresh: %v", err)
	}
	up("after refresh", s, map[string]int{"same": 5, "update": 0, "replace": 0})

	if _, err := stack.Destroy(ctx, optdestroy.ErrorProgressStreams(os.Stderr)); err != nil {
		t.Fatalf("destroy: %v", err)
	}
	destroyed = true
	noOrphans(t)
	for _, kind := range [][]string{
		{"ps", "-aq", "--filter", "label=dev.slipway.test=forwarder"}, {"volume", "ls", "-q", "--filter", "name=slipway-forwarder-test"},
	} {
		if out, _ := exec.Command("docker", kind...).Output(); len(strings.TrimSpace(string(out))) > 0 {
			t.Errorf("left behind after destroy: docker %v: %s", kind, out)
		}
	}
}
