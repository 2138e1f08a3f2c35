package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/stacks"
)

// pair brings a stack up as it is configured before, and then as it is after; both are in the words of the flag -c. It returns the
// state of then and what the second update did, "<operation> <type>" by logical name.
func pair(t *testing.T, stack string, before, after []string) (*apitype.DeploymentV3, map[string]string) {
	t.Helper()
	if testing.Short() {
		t.Skip("with the real engine: left out by -short")
	}
	if _, err := exec.LookPath("pulumi"); err != nil {
		t.Fatal("pulumi is not on PATH: `make test` puts it there; -short leaves this test out")
	}
	program := stacks.Program{Cloud: stacks.CloudAWS, Platform: platform}
	var input stacks.Input
	configure := func(overrides []string) plan.Configuration {
		conf, err := plan.Configure("../..", stack, overrides)
		if err != nil {
			t.Fatal(err)
		}
		input = conf.Input
		return conf
	}
	conf := configure(before)
	engine, err := plan.Open(t.Context(), plan.Setup{Project: conf.Input.Project, Stack: stack, Config: conf.Other, Program: func(ctx *pulumi.Context) error {
		return program.Inline("../..", input)(ctx)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	if err := engine.Up(t.Context()); err != nil {
		t.Fatalf("before, %v: %v", before, err)
	}
	first, err := engine.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	entitled(t, stack, first)
	configure(after)
	channel, did := make(chan events.EngineEvent, 64), make(chan map[string]string)
	go func() {
		all := map[string]string{}
		for e := range channel {
			if m := e.ResourcePreEvent; m != nil && m.Metadata.Op != apitype.OpSame && m.Metadata.Op != apitype.OpRead {
				all[resource.URN(m.Metadata.URN).Name()] += fmt.Sprintf("%s %s\n", m.Metadata.Op, m.Metadata.Type)
			}
		}
		did <- all
	}()
	if err := engine.Up(t.Context(), channel); err != nil {
		t.Fatalf("after, %v: %v", after, err)
	}
	state, err := engine.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	entitled(t, stack, state)
	return state, <-did
}

// RDS refuses the IOPS of a small disk for one of 400 GiB and more, which is what the provider would send.
func TestDiskGrowsOverTheStripes(t *testing.T) {
	state, did := pair(t, "prod", nil, []string{"database.storage=500Gi"})
	if got, want := did["links-prod-database"], "update aws:rds/instance:Instance\n"; got != want {
		t.Errorf("the update does %q to the database, want %q", got, want)
	}
	in := find(t, state, "aws:rds/instance:Instance", "links-prod-database").Inputs
	if in["allocatedStorage"] != 500.0 || in["iops"] != 12000.0 || in["storageThroughput"] != 500.0 {
		t.Errorf("the disk of 500 GiB has %v IOPS and %v MiB/s", in["iops"], in["storageThroughput"])
	}
}

// What serves is not replaced by another kind of capacity: the provider makes it a new deployment only if it is told to force one, before
// and after.
func TestSpotIsADeployment(t *testing.T) {
	state, did := pair(t, "dev", nil, []string{"aws.spot=false"})
	if got, want := did["links-dev-blue"], "update aws:ecs/service:Service\n"; got != want {
		t.Errorf("the update does %q in the slot that serves, want %q", got, want)
	}
	if in := find(t, state, serviceType, "links-dev-blue").Inputs; in["forceNewDeployment"] != true {
		t.Error("no new deployment is forced, without which the provider replaces the service")
	}
}

// An image that was built for one processor does not run on the other: every one is built anew, Slipway's own too.
func TestAnotherArchitectureBuildsEveryImage(t *testing.T) {
	state, did := pair(t, "dev", nil, []string{"app.architecture=arm64"})
	images := 0
	for _, r := range state.Resources {
		if string(r.Type) != imageType {
			continue
		}
		images++
		name := r.URN.Name()
		if !strings.HasPrefix(did[name], "create ") {
			t.Errorf("image %s is kept: the update does %q to it", name, did[name])
		}
		if build, _ := r.Inputs["build"].(map[string]any); build["platform"] != "linux/arm64" {
			t.Errorf("image %s is built for %v", name, build["platform"])
		}
	}
	if images != 3 {
		t.Errorf("there are %d images, want the app, dbinit and the collector", images)
	}
}
