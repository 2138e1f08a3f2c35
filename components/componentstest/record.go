package componentstest

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// The Pulumi project and stack that recorded programs run in.
const (
	Project = "slipway"
	Stack   = "production"
)

// Resource is what a program registered.
type Resource struct {
	// Type is Pulumi's token, Name the logical name.
	Type, Name string
	// URN, Parent and Provider are Pulumi's references; Provider is the URN and the id of the provider.
	URN, Parent, Provider string
	// Custom tells a provider's resource from a component.
	Custom bool
	// Protect refuses deletion.
	Protect bool
	// DeleteBeforeReplace and IgnoreChanges are the options of the same names. ReplaceOrderSaid tells an option that was not
	// given, which leaves the order to the provider, from one that is false.
	DeleteBeforeReplace, ReplaceOrderSaid bool
	IgnoreChanges                         []string
	// Needs are the URNs of the resources that Inputs come from.
	Needs []string
	// Inputs are what the program gave, secrets marked. Those that a preview does not know are marked too.
	Inputs resource.PropertyMap
}

// Recording is what a program did.
type Recording struct {
	// Resources are in order of their URNs.
	Resources []Resource
	// Invokes are the functions called, as token and provider.
	Invokes map[string]string
	// Secrets are the values that no one may see, each with where it came from.
	Secrets map[string]string
	// Exports are the outputs of the stack, secrets marked.
	Exports resource.PropertyMap
	// Messages are what the program logged.
	Messages []string
}

// Options choose how a program is run.
type Options struct {
	// Preview leaves every output of a resource unknown that is not an input too. Default: false.
	Preview bool
	// Config is the configuration of the stack, by full key. Default: none.
	Config map[string]string
	// ConfigSecrets are the keys of Config that are encrypted. Default: none.
	ConfigSecrets []string
	// Secrets are values that are secret from the start, each with where it comes from. Default: none.
	Secrets map[string]string
	// Previous are the outputs that the stack has from its last update, secrets marked. Default: none.
	Previous resource.PropertyMap
	// Unreadable says that the outputs of the last update can't be read. Default: they can.
	Unreadable bool
	// Outputs are outputs that need a certain form (see Output). Default: none.
	Outputs []Output
}

// Output is the value of one output of one type of resource, where a made-up text is not good enough.
type Output struct {
	// Type is the resource's token, Property the output's name.
	Type, Property string
	// Value is the output; in a text, {name} stands for the resource's name.
	Value any
}

// Record runs a program against a monitor that creates nothing, notes all that is registered and fills in every output of every
// resource: an input is an output too, and the others are unique texts of a likely form. It returns the program's own error.
func Record(program pulumi.RunFunc, o Options) (*Recording, error) {
	m := &monitor{options: o, kinds: map[string]likely.Kind{}, recording: Recording{Invokes: map[string]string{}, Secrets: maps.Clone(o.Secrets)}}
	if m.recording.Secrets == nil {
		m.recording.Secrets = map[string]string{}
	}
	address, stop, err := serve(m)
	if err != nil {
		return nil, err
	}
	defer stop()
	var failure error
	err = pulumi.RunErr(func(ctx *pulumi.Context) error {
		failure = ctx.RegisterStackTransformation(m.learn)
		if failure == nil {
			failure = program(ctx)
		}
		return failure
	}, func(info *pulumi.RunInfo) {
		*info = pulumi.RunInfo{
			Project: Project, Stack: Stack, MonitorAddr: address, EngineAddr: address, DryRun: o.Preview, Config: o.Config, ConfigSecretKeys: o.ConfigSecrets, Parallel: 16,
		}
	})
	slices.SortFunc(m.recording.Resources, func(a, b Resource) int { return strings.Compare(a.URN, b.URN) })
	if failure != nil {
		return &m.recording, failure // as it was returned: the runtime's own error does not keep the chain
	}
	return &m.recording, err
}

func urnOf(parent, kind, name string) string {
	var above tokens.Type
	if u := resource.URN(parent); u != "" && u.QualifiedType() != resource.RootStackType {
		above = u.QualifiedType()
	}
	return string(resource.NewURN(Stack, Project, above, tokens.Type(kind), name))
}

// Of returns the resources of a type.
func (r *Recording) Of(kind string) []Resource {
	var out []Resource
	for _, one := range r.Resources {
		if one.Type == kind {
			out = append(out, one)
		}
	}
	return out
}

// Find returns the resource with a type and a name, or false.
func (r *Recording) Find(kind, name string) (Resource, bool) {
	for _, one := range r.Of(kind) {
		if one.Name == name {
			return one, true
		}
	}
	return Resource{}, false
}
