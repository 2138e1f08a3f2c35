package azure

import (
	"reflect"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The tags that every resource carries beside the configured ones; a configured tag of the same name wins.
const (
	TagApp   = "slipway-app"
	TagStack = "slipway-stack" // <project>.<stack>
)

// tag is a transformation that says of every resource of Azure what all have in common: the stack's tags, where it takes tags, and the
// region, where it is in none yet. What the resource has by itself wins. The region stands in each resource and not in the provider
// alone, so that a plan shows it.
//   - https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources
//   - https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-to-resource-group
func (p *Platform) tag(a *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
	if !strings.HasPrefix(a.Type, "azure-native:") || a.Props == nil || a.Type == token("resources:Deployment") {
		return nil
	}
	args := reflect.Indirect(reflect.ValueOf(a.Props))
	if field := args.FieldByName("Location"); field.IsValid() && field.CanSet() && field.IsNil() {
		field.Set(reflect.ValueOf(pulumi.String(p.settings.Region)))
	}
	field := args.FieldByName("Tags")
	if !field.IsValid() || !field.CanSet() || field.Type() != reflect.TypeFor[pulumi.StringMapInput]() {
		return &pulumi.ResourceTransformationResult{Props: a.Props, Opts: a.Opts}
	}
	if own, plain := field.Interface().(pulumi.StringMap); plain || field.IsNil() { // tags that are an output hold the stack's already
		tags := pulumi.StringMap{TagApp: pulumi.String(p.settings.App), TagStack: pulumi.String(p.project + "." + p.stack)}
		for k, v := range p.settings.Tags {
			tags[k] = pulumi.String(v)
		}
		for k, v := range own {
			tags[k] = v
		}
		field.Set(reflect.ValueOf(tags))
	}
	return &pulumi.ResourceTransformationResult{Props: a.Props, Opts: a.Opts}
}
