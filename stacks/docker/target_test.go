package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks"
	"github.com/slipway-iac/slipway/stacks/release"
)

// simulated is a stack on the simulated engine, whose source can change.
type simulated struct {
	*plan.Engine
	t        *testing.T
	strategy string
	input    stacks.Input
}

func simulate(t *testing.T, strategy string) *simulated {
	t.Helper()
	if testing.Short() {
		t.Skip("with the real engine: left out by -short")
	}
	s := &simulated{t: t, strategy: strategy}
	conf := s.source("1")
	program := stacks.Program{Cloud: stacks.CloudDocker, Platform: platform}
	engine, err := plan.Open(t.Context(), plan.Setup{Project: s.input.Project, Stack: "local", Config: conf.Other, Program: func(ctx *pulumi.Context) error {
		return program.Inline("../..", s.input)(ctx)
	}})
	s.must(err)
	s.Engine = engine
	t.Cleanup(func() { s.must(engine.Close()) })
	return s
}

func (s *simulated) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// source makes a version, a digit, the source's.
func (s *simulated) source(version string) plan.Configuration {
	s.t.Helper()
	conf, err := plan.Configure("../..", "local", []string{"rollout.strategy=" + s.strategy, "app.image=registry.example.com/links@sha256:" + strings.Repeat(version, 64)})
	s.must(err)
	s.input = conf.Input
	return conf
}

// resources are what is deployed, by URN, and the output release.
func (s *simulated) resources() ([]apitype.ResourceV3, release.Release) {
	s.t.Helper()
	state, err := s.State(s.t.Context())
	s.must(err)
	outputs, err := s.Stack.Outputs(s.t.Context())
	s.must(err)
	text, _ := outputs["release"].Value.(string)
	now, err := release.Parse(text)
	s.must(err)
	if version, _ := outputs["version"].Value.(string); version != now.Serving().Version {
		s.t.Errorf("the outputs version and release say %s and %s", version, now.Serving().Version)
	}
	return state.Resources, now
}

// TestTargetedUpdate: an update that leaves a part of the app out never claims to have deployed it; one of something else passes.
func TestTargetedUpdate(t *testing.T) {
	s := simulate(t, "rolling")
	s.must(s.Up(t.Context()))
	all, first := s.resources()
	var prometheus, replica, image string
	for _, r := range all {
		switch r.URN.Name() {
		case "alarm-prometheus":
			prometheus = string(r.URN)
		case "links-blue-1":
			replica = string(r.URN)
		case "links":
			if r.Custom {
				image = string(r.URN)
			}
		}
	}
	_, err := s.Stack.Up(t.Context(), optup.Target([]string{prometheus}), optup.SuppressProgress(), optup.SuppressOutputs())
	s.must(err) // the app is as it is
	s.source("2")
	for _, one := range []struct {
		name   string
		option optup.Option
	}{
		{"another component", optup.Target([]string{prometheus})},
		{"the image alone", optup.Target([]string{image})},
		{"without a replica", optup.Exclude([]string{replica})},
	} {
		name := one.name
		_, err := s.Stack.Up(t.Context(), one.option, optup.SuppressProgress(), optup.SuppressOutputs())
		if err == nil || !strings.Contains(err.Error(), "--target or --exclude") || !strings.Contains(err.Error(), first.Serving().Version) {
			t.Errorf("%s: %v", name, err)
		}
		if _, now := s.resources(); now.Serving() != first.Serving() || now.Sequence != first.Sequence {
			t.Errorf("%s: the release is %+v, and %+v runs", name, now, first)
		}
	}
	s.source("2")
	s.must(s.Up(t.Context()))
	if _, now := s.resources(); now.Serving().Version == first.Serving().Version {
		t.Error("the whole update has not deployed the source")
	}
}

// TestUpAfterDestroy: what a destruction that keeps the data leaves names an image that is gone. The next update begins anew, with the
// source at hand.
func TestUpAfterDestroy(t *testing.T) {
	for _, strategy := range []string{"rolling", "blue-green", "canary"} {
		t.Run(strategy, func(t *testing.T) {
			s := simulate(t, strategy)
			s.must(s.Up(t.Context()))
			all, first := s.resources()
			var targets []string
			for _, r := range all {
				if strings.Contains(string(r.URN), components.ServiceType) || r.URN.Name() == "edge-weights" {
					targets = append(targets, string(r.URN))
				}
			}
			_, err := s.Stack.Destroy(t.Context(), optdestroy.Target(targets), optdestroy.TargetDependents(), optdestroy.SuppressProgress())
			s.must(err)
			s.source("2")
			s.must(s.Up(t.Context()))
			all, now := s.resources()
			if now.Serving().Version == first.Serving().Version || now.Serving().Weight != 100 || now.Sequence != first.Sequence+1 {
				t.Errorf("after %+v the release is %+v", first, now)
			}
			for _, r := range all {
				if strings.HasPrefix(r.URN.Name(), "links-blue-1") && r.Custom && !strings.Contains(string(r.Type), "RandomId") && !strings.Contains(fmt.Sprint(r.Inputs), now.Serving().Version) {
					t.Errorf("%s does not run version %s: %v", r.URN.Name(), now.Serving().Version, r.Inputs)
				}
			}
		})
	}
}
