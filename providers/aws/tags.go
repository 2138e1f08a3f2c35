package aws

import (
	"reflect"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The tags that every resource carries beside the configured ones; a configured tag of the same name wins.
const (
	TagApp   = "slipway:app"
	TagStack = "slipway:stack" // <project>/<stack>
)

// tag is a transformation that puts the stack's tags on every resource of AWS that takes tags. A tag that the resource has by
// itself wins.
// https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
func (p *Platform) tag(a *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
	if !strings.HasPrefix(a.Type, "aws:") || a.Props == nil {
		return nil
	}
	field := reflect.Indirect(reflect.ValueOf(a.Props)).FieldByName("Tags")
	if !field.IsValid() || !field.CanSet() || field.Type() != reflect.TypeFor[pulumi.StringMapInput]() {
		return nil
	}
	tags := pulumi.StringMap{TagApp: pulumi.String(p.settings.App), TagStack: pulumi.String(p.project + "/" + p.stack)}
	for k, v := range p.settings.Tags {
		tags[k] = pulumi.String(v)
	}
	if own, ok := field.Interface().(pulumi.StringMap); ok {
		for k, v := range own {
			tags[k] = v
		}
	}
	field.Set(reflect.ValueOf(tags))
	return &pulumi.ResourceTransformationResult{Props: a.Props, Opts: a.Opts}
}
