package simulate

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// A simulated cloud can lead to something real: test/registry_test.go pushes images to a registry in this way.
func TestRealProvidersAndGivenOutputs(t *testing.T) {
	const kind, function = "aws:ecr/repository:Repository", "aws:ecr/getAuthorizationToken:getAuthorizationToken"
	c, err := Start(Options{Real: []string{"docker"}, Outputs: map[string]map[string]any{
		kind: {"repositoryUrl": "127.0.0.1:5000/links"}, function: {"password": "given"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if attached := c.Env()["PULUMI_DEBUG_PROVIDERS"]; strings.Contains(attached, "docker:") || !strings.Contains(attached, "aws:") {
		t.Errorf("attached are %s, want aws and not docker", attached)
	}
	result, err := c.invoke(function, resource.PropertyMap{}, likely.Place{})
	if err != nil || result["password"].StringValue() != "given" || result["userName"].StringValue() != "AWS" {
		t.Errorf("the function returns %v, %v", result, err)
	}
	inputs, err := write(resource.PropertyMap{"name": resource.NewProperty("links")})
	if err != nil {
		t.Fatal(err)
	}
	made, err := (&provider{cloud: c}).Create(t.Context(), &pulumirpc.CreateRequest{Urn: "urn:pulumi:s::p::" + kind + "::links", Properties: inputs})
	if err != nil {
		t.Fatal(err)
	}
	if got := made.GetProperties().GetFields()["repositoryUrl"].GetStringValue(); got != "127.0.0.1:5000/links" || made.GetId() != "links" {
		t.Errorf("the resource %s has the address %q", made.GetId(), got)
	}
}
