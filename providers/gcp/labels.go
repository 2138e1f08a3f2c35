package gcp

import (
	"reflect"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The labels that every resource carries beside the configured ones; a configured label of the same name wins. The command line finds
// the stack's alert policies by them.
const (
	LabelApp   = "slipway-app"
	LabelStack = "slipway-stack" // <project>_<stack>
)

// labels are the stack's labels: lower-case letters, digits, _ and -, at most 63 characters.
// https://cloud.google.com/resource-manager/docs/labels-overview
func (p *Platform) labels() pulumi.StringMap {
	out := pulumi.StringMap{LabelApp: pulumi.String(p.settings.App), LabelStack: pulumi.String(StackLabel(p.project, p.stack))}
	for k, v := range p.settings.Labels {
		out[k] = pulumi.String(v)
	}
	return out
}

// StackLabel is the value of LabelStack.
func StackLabel(project, stack string) string {
	text := clean(project) + "_" + clean(stack)
	if len(text) > longest {
		return text[:longest-6] + "_" + digest(text)
	}
	return text
}

// label is a transformation that puts the stack's labels on every resource of Google Cloud that takes labels. A label that the resource
// has by itself wins. What monitoring calls labels are settings; its own labels are called user labels.
// https://cloud.google.com/resource-manager/docs/labels-overview
func (p *Platform) label(a *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
	if !strings.HasPrefix(a.Type, "gcp:") || a.Props == nil {
		return nil
	}
	props := reflect.Indirect(reflect.ValueOf(a.Props))
	field := props.FieldByName("UserLabels")
	if !field.IsValid() {
		field = props.FieldByName("Labels")
	}
	if !field.IsValid() || !field.CanSet() || field.Type() != reflect.TypeFor[pulumi.StringMapInput]() {
		return nil
	}
	labels := p.labels()
	if own, ok := field.Interface().(pulumi.StringMap); ok {
		for k, v := range own {
			labels[k] = v
		}
	}
	field.Set(reflect.ValueOf(labels))
	return &pulumi.ResourceTransformationResult{Props: a.Props, Opts: a.Opts}
}
