package main

import (
	"testing"

	"github.com/slipway-iac/slipway/cli/plan/plantest"
	"github.com/slipway-iac/slipway/stacks"
)

func TestSimulated(t *testing.T) {
	plantest.Run(t, stacks.Program{Cloud: stacks.CloudDocker, Platform: platform}, "../..", plantest.Golden, plantest.Kept)
}
