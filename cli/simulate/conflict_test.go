package simulate

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Two resources that a cloud does not let exist together can't be created one after the other.
func TestConflicts(t *testing.T) {
	const environment, subnet, network = "azure-native:app/v20241002preview:ManagedEnvironment", "aws:ec2/subnet:Subnet", "gcp:compute/subnetwork:Subnetwork"
	for _, row := range []struct{ name, token, first, second, want string }{
		{"one environment a subnet", environment, `{"environmentName":"a","vnetConfiguration":{"infrastructureSubnetId":"s"}}`, `{"environmentName":"b","vnetConfiguration":{"infrastructureSubnetId":"s"}}`, "ManagedEnvironmentSubnetInUse"},
		{"two subnets", environment, `{"vnetConfiguration":{"infrastructureSubnetId":"s"}}`, `{"vnetConfiguration":{"infrastructureSubnetId":"t"}}`, ""},
		{"no subnet", environment, `{"environmentName":"a"}`, `{"environmentName":"b"}`, ""},
		{"overlap on AWS", subnet, `{"vpcId":"v","cidrBlock":"10.0.0.0/16"}`, `{"vpcId":"v","cidrBlock":"10.0.4.0/24"}`, "InvalidSubnet.Conflict"},
		{"another network", subnet, `{"vpcId":"v","cidrBlock":"10.0.0.0/24"}`, `{"vpcId":"w","cidrBlock":"10.0.0.0/24"}`, ""},
		{"side by side", subnet, `{"vpcId":"v","cidrBlock":"10.0.0.0/24"}`, `{"vpcId":"v","cidrBlock":"10.0.1.0/24"}`, ""},
		{"network is unknown", subnet, `{"vpcId":"?","cidrBlock":"10.0.0.0/24"}`, `{"vpcId":"?","cidrBlock":"10.0.0.0/24"}`, ""},
		{"overlap on Google Cloud", network, `{"network":"n","ipCidrRange":"10.0.0.0/20","name":"a","region":"r"}`, `{"network":"n","ipCidrRange":"10.0.0.0/20","name":"b","region":"q"}`, "Invalid IPCidrRange"},
		{"repository of an equal name", "gcp:artifactregistry/repository:Repository", `{"repositoryId":"a","location":"l"}`, `{"repositoryId":"a","location":"l"}`, "ALREADY_EXISTS"},
		{"in another location", "gcp:artifactregistry/repository:Repository", `{"repositoryId":"a","location":"l"}`, `{"repositoryId":"a","location":"m"}`, ""},
		{"load balancer", "aws:lb/loadBalancer:LoadBalancer", `{"name":"a"}`, `{"name":"a"}`, "DuplicateLoadBalancerName"},
		{"target group", "aws:lb/targetGroup:TargetGroup", `{"name":"a"}`, `{"name":"a"}`, "DuplicateTargetGroupName"},
		{"security group", "aws:ec2/securityGroup:SecurityGroup", `{"name":"a","vpcId":"v"}`, `{"name":"a","vpcId":"v"}`, "InvalidGroup.Duplicate"},
		{"log group", "aws:cloudwatch/logGroup:LogGroup", `{"name":"a"}`, `{"name":"a"}`, "ResourceAlreadyExistsException"},
		{"identifier of a database", "aws:rds/instance:Instance", `{"identifier":"a"}`, `{"identifier":"a"}`, "DBInstanceAlreadyExists"},
		{"port of a load balancer", "aws:lb/listener:Listener", `{"loadBalancerArn":"a","port":443}`, `{"loadBalancerArn":"a","port":443}`, "DuplicateListener"},
		{"another port", "aws:lb/listener:Listener", `{"loadBalancerArn":"a","port":443}`, `{"loadBalancerArn":"a","port":80}`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, yields := range []bool{false, true} {
				c := started(t, Options{Yield: yields})
				p := &provider{cloud: c}
				_, err := p.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urnOf(row.token, "first"), Properties: wire(t, row.first)})
				must(t, err)
				_, err = p.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urnOf(row.token, "second"), Properties: wire(t, row.second)})
				said := saidOf(err, c.Refusals())
				if (said == "") != (row.want == "") || !strings.Contains(said, row.want) {
					t.Errorf("yielding %t: got %q, want %q", yields, said, row.want)
				}
				if yields && err != nil {
					t.Errorf("a cloud that yields fails: %v", err)
				}
			}
		})
	}
}

func saidOf(err error, noted []Refusal) string {
	if err != nil {
		return err.Error()
	}
	if len(noted) > 0 {
		return noted[0].Says
	}
	return ""
}

func TestIllegalChanges(t *testing.T) {
	const sql, app, vnet = "gcp:sql/databaseInstance:DatabaseInstance", "azure-native:app/v20241002preview:ContainerApp", "azure-native:network/v20240501:VirtualNetwork"
	secrets := func(names string) string {
		return `{"configuration":{"activeRevisionsMode":"Multiple","secrets":[` + names + `]},"template":{"containers":[{"env":[{"name":"A","secretRef":"a"}]}]}}`
	}
	for _, row := range []struct{ name, token, before, after, want string }{
		{"larger disk", database, `{"allocatedStorage":20}`, `{"allocatedStorage":40}`, ""},
		{"smaller disk", database, `{"allocatedStorage":40}`, `{"allocatedStorage":20}`, "can't be made smaller"},
		{"gp3 across 400 GiB", database, `{"allocatedStorage":100,"storageType":"gp3"}`, `{"allocatedStorage":500,"storageType":"gp3"}`, "12000 IOPS"},
		{"gp3 across 400 GiB, with IOPS", database, `{"allocatedStorage":100,"storageType":"gp3"}`, `{"allocatedStorage":500,"storageType":"gp3","iops":12000}`, ""},
		{"version up", database, `{"engineVersion":"16"}`, `{"engineVersion":"17"}`, ""},
		{"version down", database, `{"engineVersion":"17"}`, `{"engineVersion":"16"}`, "earlier version"},
		{"smaller disk on Google Cloud", sql, `{"settings":{"diskSize":40}}`, `{"settings":{"diskSize":20}}`, "can't decrease"},
		{"version down on Google Cloud", sql, `{"databaseVersion":"POSTGRES_17"}`, `{"databaseVersion":"POSTGRES_16"}`, "earlier version"},
		{"smaller disk on Azure", "azure-native:dbforpostgresql:Server", `{"storage":{"storageSizeGB":64}}`, `{"storage":{"storageSizeGB":32}}`, "StorageSizeCannotBeReduced"},
		{"secret that is read", app, secrets(`{"name":"a"}`), secrets(``), "ContainerAppSecretInUse: secret a"},
		{"secret that is not", app, secrets(`{"name":"a"},{"name":"b"}`), secrets(`{"name":"a"}`), ""},
		{"subnet in use", vnet, `{"subnets":[{"name":"apps","addressPrefix":"10.0.0.0/23"}]}`, `{"subnets":[]}`, "InUseSubnetCannotBeDeleted: subnet apps is used by env"},
		{"subnet in use moves", vnet, `{"subnets":[{"name":"apps","addressPrefix":"10.0.0.0/23"}]}`, `{"subnets":[{"name":"apps","addressPrefix":"10.0.2.0/23"}]}`, "InUseSubnetCannotBeDeleted"},
		{"subnet that nobody uses", vnet, `{"subnets":[{"name":"apps"},{"name":"more"}]}`, `{"subnets":[{"name":"apps"}]}`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := started(t, Options{})
			p := &provider{cloud: c}
			_, err := p.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urnOf("azure-native:app:ManagedEnvironment", "env"), Properties: wire(t, `{"vnetConfiguration":{"infrastructureSubnetId":"/x/subnets/apps"}}`)})
			must(t, err)
			_, err = p.Update(t.Context(), &pulumirpc.UpdateRequest{Urn: urnOf(row.token, "one"), Id: "1", OldInputs: wire(t, row.before), Olds: wire(t, row.before), News: wire(t, row.after)})
			if said := saidOf(err, nil); (said == "") != (row.want == "") || !strings.Contains(said, row.want) {
				t.Errorf("got %q, want %q", said, row.want)
			}
		})
	}
}

// A provider that would make its resources elsewhere replaces them, where the real one does.
func TestProvidersThatMove(t *testing.T) {
	for _, row := range []struct {
		provider, before, after string
		replaces                bool
	}{
		{"aws", `{"region":"us-east-1"}`, `{"region":"eu-west-1"}`, true},
		{"aws", `{}`, `{"region":"eu-west-1"}`, false},
		{"aws", `{"allowedAccountIds":"[\"1\"]"}`, `{"allowedAccountIds":"[\"2\"]"}`, false},
		{"gcp", `{"project":"one-project"}`, `{"project":"two-project"}`, true},
		{"azure-native", `{"subscriptionId":"a"}`, `{"subscriptionId":"b"}`, false},
	} {
		p := &provider{cloud: started(t, Options{})}
		got, err := p.DiffConfig(t.Context(), &pulumirpc.DiffRequest{Urn: urnOf("pulumi:providers:"+row.provider, "one"), OldInputs: wire(t, row.before), News: wire(t, row.after)})
		must(t, err)
		if (len(got.GetReplaces()) > 0) != row.replaces {
			t.Errorf("%s from %s to %s: replaces %v, want %t", row.provider, row.before, row.after, got.GetReplaces(), row.replaces)
		}
	}
}

// A preview with real providers has no simulated cloud: its steps are looked at.
func TestForesee(t *testing.T) {
	const token = "aws:ec2/subnet:Subnet"
	state := func(id, text string) *apitype.StepEventStateMetadata {
		m := props(t, text).Mappable()
		return &apitype.StepEventStateMetadata{URN: urnOf(token, "one"), Type: token, ID: id, Custom: true, Inputs: m}
	}
	step := func(op apitype.OpType, before, after *apitype.StepEventStateMetadata) apitype.StepEventMetadata {
		return apitype.StepEventMetadata{Op: op, URN: urnOf(token, "one"), Type: token, Old: before, New: after}
	}
	old := state("s-1", `{"vpcId":"v","cidrBlock":"10.0.0.0/24","availabilityZone":"a"}`)
	fresh := state("", `{"vpcId":"v","cidrBlock":"10.0.0.0/24","availabilityZone":"b"}`)
	unknown := state("", `{"vpcId":"04da6b54-80e4-46f7-96ec-b56ff0331ba9","cidrBlock":"10.0.0.0/24"}`)
	before := &apitype.DeploymentV3{Resources: []apitype.ResourceV3{{URN: resource.URN(urnOf(token, "one")), Type: token, ID: "s-1", Custom: true, Inputs: old.Inputs}}}
	for name, row := range map[string]struct {
		steps []apitype.StepEventMetadata
		want  int
	}{
		"the new one first":     {[]apitype.StepEventMetadata{step(apitype.OpCreateReplacement, old, fresh), step(apitype.OpDeleteReplaced, old, nil)}, 1},
		"the old one first":     {[]apitype.StepEventMetadata{step(apitype.OpDeleteReplaced, old, nil), step(apitype.OpCreateReplacement, old, fresh)}, 0},
		"a network to be known": {[]apitype.StepEventMetadata{step(apitype.OpCreateReplacement, old, unknown)}, 0},
	} {
		if got := Foresee(before, row.steps); len(got) != row.want {
			t.Errorf("%s: got %v, want %d", name, got, row.want)
		}
	}
}

// The secrets of an app are unknown as a whole when the address of one is: nothing can be said of them before the update.
func TestForeseeSecretsToBeKnown(t *testing.T) {
	const token = "azure-native:app/v20241002preview:ContainerApp"
	state := func(secrets string) *apitype.StepEventStateMetadata {
		m := props(t, `{"configuration":{"activeRevisionsMode":"Multiple","secrets":`+secrets+`},"template":{"containers":[{"env":[{"name":"A","secretRef":"a"}]}]}}`).Mappable()
		return &apitype.StepEventStateMetadata{URN: urnOf(token, "app"), Type: token, ID: "app", Custom: true, Inputs: m}
	}
	for secrets, want := range map[string]int{`[{"name":"a"}]`: 0, `[{"name":"b"}]`: 1, `"04da6b54-80e4-46f7-96ec-b56ff0331ba9"`: 0} {
		old := state(`[{"name":"a"}]`)
		before := &apitype.DeploymentV3{Resources: []apitype.ResourceV3{{URN: resource.URN(urnOf(token, "app")), Type: token, ID: "app", Custom: true, Inputs: old.Inputs}}}
		step := apitype.StepEventMetadata{Op: apitype.OpUpdate, URN: urnOf(token, "app"), Type: token, Old: old, New: state(secrets)}
		if got := Foresee(before, []apitype.StepEventMetadata{step}); len(got) != want {
			t.Errorf("secrets %s: got %v, want %d", secrets, got, want)
		}
	}
}
