package toolchain

import "fmt"

// program is a program that Slipway needs. Adding a plugin is adding a row.
type program struct {
	name    string // as the user knows it: "docker plugin"
	plugin  string // the plugin's name, "docker"; empty for the pulumi command
	version string // without a leading v
	oldest  string // the oldest version that will do where another is found on PATH
	clouds  []string
	// builds are the modules below tools/ that make it, where it can't be had otherwise. The first is the program itself,
	// the others are what it needs on PATH. Without any, it can only be downloaded.
	builds []build
}

// build is one module below tools/.
type build struct {
	module  string // folder, and name of what is built
	pkg     string // package to build; the module itself if empty
	ldflags string
	tags    string
	minutes int // how long it takes on two cores with empty caches; 0 for seconds
}

// takes tells the user how long a build of so many minutes takes.
func takes(minutes int) string {
	if minutes == 0 {
		return "seconds"
	}
	return fmt.Sprintf("about %d min", minutes)
}

// everywhere is what all clouds need.
var everywhere = []string{"docker", "aws", "azure", "gcp"}

// programs are the versions that were tested together with the SDKs in go.mod.
var programs = []program{
	{
		name: "Pulumi CLI", version: "3.259.0", oldest: "3.200.0", clouds: everywhere,
		builds: []build{{
			module: "pulumi", pkg: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", minutes: 3,
			ldflags: "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0",
		}},
	},
	{
		name: "docker plugin", plugin: "docker", version: "4.10.0", oldest: "4.5.0", clouds: everywhere,
		builds: []build{
			{module: "pulumi-resource-docker"},
			{module: "docker-bridge", pkg: "github.com/pulumi/pulumi-terraform-bridge/v3/dynamic", minutes: 3},
			{
				module: "terraform-provider-docker", pkg: "github.com/terraform-providers/terraform-provider-docker",
				// The Compose resources aren't in Pulumi's plugin either.
				tags: "no_compose", minutes: 2,
			},
		},
	},
	{
		name: "random plugin", plugin: "random", version: "4.18.0", oldest: "4.0.0", clouds: everywhere,
		builds: []build{{module: "pulumi-resource-random"}},
	},
	{
		name: "tls plugin", plugin: "tls", version: "5.2.0", oldest: "5.0.0", clouds: everywhere,
		builds: []build{{module: "pulumi-resource-tls"}},
	},
}

// Need is one program that a command needs: a value of For.
type Need struct{ program program }

// For lists what deploying to a cloud ("docker", "aws", "azure", "gcp") needs.
func For(cloud string) []Need {
	var needs []Need
	for _, p := range programs {
		for _, c := range p.clouds {
			if c == cloud {
				needs = append(needs, Need{p})
			}
		}
	}
	return needs
}

// Command is what running the engine needs when no plugin is used.
func Command() []Need {
	var needs []Need
	for _, p := range programs {
		if p.plugin == "" {
			needs = append(needs, Need{p})
		}
	}
	return needs
}
