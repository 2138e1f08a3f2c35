package aws

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// The command line finds log groups by these names, with nothing else to ask.
func TestLogGroups(t *testing.T) {
	r, err := componentstest.Record(func(ctx *pulumi.Context) error {
		p, err := watcher(ctx)
		if err != nil {
			return err
		}
		opts := []pulumi.ResourceOption{pulumi.Parent(p)}
		if err := p.makeLogs(ctx, &deployment{}, opts); err != nil {
			return err
		}
		if _, err := p.cacheLogs(ctx, "cache", opts); err != nil {
			return err
		}
		_, err = p.databaseIdentifier(ctx, "database", components.DatabaseArgs{Name: "links"}, opts)
		return err
	}, componentstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, group := range r.Of("aws:cloudwatch/logGroup:LogGroup") {
		name := group.At("name")[0].(string)
		for component, prefix := range LogGroups(componentstest.App, componentstest.Project, componentstest.Stack) {
			if name == prefix || strings.HasSuffix(prefix, "-") && strings.HasPrefix(name, prefix) {
				found[component]++
			}
		}
	}
	for component, want := range map[string]int{"service": 1, "cache": 2, "database": len(databaseLogs)} {
		if found[component] != want {
			t.Errorf("%s: %d log groups are found, want %d", component, found[component], want)
		}
	}
}
