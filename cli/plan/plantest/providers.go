package plantest

import (
	"context"
	"io"
	"slices"
	"testing"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/simulate/plugins"
	"github.com/slipway-iac/slipway/cli/toolchain"
)

// built are the providers whose plugins the toolchain builds: they must be there.
var built = []string{"docker", "random", "tls"}

// realProviders are the plugins that the machine has.
func realProviders(t *testing.T, root string) *plugins.Pool {
	t.Helper()
	pool, err := plugins.New(func(ctx context.Context, name, version string) (plugins.Program, error) {
		found, err := toolchain.FindPlugin(ctx, progress.New(io.Discard), root, name, version, nil)
		return plugins.Program{File: found.File, Paths: found.Paths, From: found.From}, err
	}, plugins.Limits{})
	must(t, err)
	t.Cleanup(func() { must(t, pool.Close()) })
	return pool
}

// providers looks at what the real providers have said: they take every input, with outputs unknown and known, and our tables do
// not contradict them about what replaces a resource.
func (l *life) providers(t *testing.T) {
	v := l.setup.Cloud.Plugins.Verdict()
	for _, r := range v.Refused {
		t.Errorf("%s refuses %s of %s: %s", r.Provider, r.Property, r.URN, r.Reason)
	}
	for _, d := range v.Defects {
		t.Errorf("the table of %s takes a change of %s for a %s, the provider for a %s", d.Type, d.Property, d.Table, d.Real)
	}
	asked := 0
	for _, p := range v.Providers {
		if p.Unasked == "" {
			asked += p.Audited
		} else if slices.Contains(built, p.Name) {
			t.Errorf("%s was not asked: %s (`go run ./test/prepare` builds its plugin)", p.Name, p.Unasked)
		}
		for _, s := range p.Silences {
			// An audit may ask for what a plugin can't answer.
			if slices.Contains(built, p.Name) && s.What != "Diff" {
				t.Errorf("%s did not answer %s for %v: %s", p.Name, s.What, s.Resources, s.Reason)
			}
		}
	}
	if asked == 0 {
		t.Error("the tables were held against no provider")
	}
}
