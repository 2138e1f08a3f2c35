package localdocker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/providers/docker"
)

// enoughCores refuses limits above what the engine has, which it would refuse itself, but in the middle of the update.
// https://docs.docker.com/engine/containers/resource_constraints/#cpu
func enoughCores(ctx context.Context, s cli.Stack) error {
	out, err := run(ctx, "info", "--format", "{{.NCPU}}")
	if err != nil {
		return fmt.Errorf("asking the engine for its processors: %w", err)
	}
	// An engine that does not say refuses what it has not by itself.
	has, unknown := strconv.ParseFloat(strings.TrimSpace(out), 64)
	var errs []error
	for _, limit := range docker.Limits(s.Config.App.CPU, s.Config.Database.Enabled, s.Config.Database.Size, s.Config.Cache.Enabled, s.Config.Cache.Size) {
		if unknown == nil && limit.Cores > has {
			errs = append(errs, fmt.Errorf("%s: %s is %g processors, and this Docker Engine has %g; choose less, for this run with -c %s=…", limit.Key, limit.Value, limit.Cores, has, limit.Key))
		}
	}
	return errors.Join(errs...)
}
