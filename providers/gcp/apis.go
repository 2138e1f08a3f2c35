package gcp

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// apiRow is an API that a stack needs, and when.
type apiRow struct {
	name string
	when func(Settings) bool // nil for always
}

// neededAPIs are turned on in the project. Three must be on before: Pulumi turns on the others through serviceusage, and finds projects
// and accounts through cloudresourcemanager and iam.
// https://cloud.google.com/apis/docs/getting-started#enabling_apis
var neededAPIs = []apiRow{
	{name: "artifactregistry"},
	{name: "certificatemanager", when: func(s Settings) bool { return s.Domain != "" }},
	{name: "cloudkms", when: func(s Settings) bool { return s.CMEK }},
	{name: "cloudresourcemanager"},
	{name: "cloudtrace"},
	{name: "compute"},
	{name: "containerscanning"}, // every image that is pushed is scanned: https://cloud.google.com/artifact-registry/docs/analysis
	{name: "dns", when: func(s Settings) bool { return s.Domain != "" || s.Prod }},
	{name: "iam"},
	{name: "logging"},
	{name: "monitoring"},
	{name: "redis"},
	{name: "run"},
	{name: "secretmanager"},
	{name: "servicenetworking"},
	{name: "sqladmin"},
}

// enableAPIs turns the APIs on; everything else waits for them. They stay on when the stack is destroyed, as other things in the
// project may use them.
// https://cloud.google.com/service-usage/docs/enable-disable
func (p *Platform) enableAPIs(ctx *pulumi.Context) error {
	var enabled []pulumi.Resource
	for _, row := range neededAPIs {
		if row.when != nil && !row.when(p.settings) {
			continue
		}
		made, err := projects.NewService(ctx, row.name, &projects.ServiceArgs{
			Project: pulumi.String(p.account), Service: pulumi.String(row.name + ".googleapis.com"),
			DisableOnDestroy: pulumi.Bool(false), DisableDependentServices: pulumi.Bool(false),
		}, p.cloudOpts(p.own())...)
		if err != nil {
			return fmt.Errorf("turning on API %s: %w", row.name, err)
		}
		enabled = append(enabled, made)
	}
	p.apis = enabled
	return nil
}

// onceOn is a text that is known once the APIs are on. A question with it waits for them, so that the first preview of a project asks
// nothing that nobody could answer yet: functions of this SDK are older than the option DependsOn, and don't wait for what it names.
// https://github.com/pulumi/pulumi/pull/17791
func (p *Platform) onceOn(text string) pulumi.StringOutput {
	var all []any
	for _, api := range p.apis {
		if made, ok := api.(*projects.Service); ok {
			all = append(all, made.ID())
		}
	}
	return pulumi.All(all...).ApplyT(func([]any) string { return text }).(pulumi.StringOutput)
}
