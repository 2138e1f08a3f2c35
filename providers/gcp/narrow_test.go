package gcp

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// sdkFolder is the SDK's package compute, which is read as text: to compile it is what the narrow bindings avoid.
func sdkFolder(t *testing.T) string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-gcp/sdk/v7").Output()
	if err != nil {
		t.Fatalf("finding the SDK: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(dir)), "go", "gcp", "compute")
}

// sdkTypes returns for each struct of the SDK the Go type of each property.
func sdkTypes(t *testing.T) map[string]map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(sdkFolder(t), "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the SDK has no package compute: %v", err)
	}
	property := regexp.MustCompile("^\t\\w+ +(\\S+) +`pulumi:\"(\\w+)\"`$")
	types, current := map[string]map[string]string{}, ""
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(source)) {
			line = strings.TrimRight(line, "\n")
			if rest, ok := strings.CutPrefix(line, "type "); ok && strings.HasSuffix(rest, " struct {") {
				current = strings.TrimSuffix(rest, " struct {")
				types[current] = map[string]string{}
			} else if line == "}" {
				current = ""
			} else if found := property.FindStringSubmatch(line); found != nil && current != "" {
				types[current][found[2]] = found[1]
			}
		}
	}
	return types
}

// bindings are the narrow bindings: the SDK's file and struct, the token, and our structs of inputs and outputs.
var bindings = []struct {
	file, inputs, outputs, token string
	in, out                      reflect.Type
}{
	{"network.go", "networkArgs", "Network", computeNetworkToken, computeNetworkArgs{}.ElementType(), reflect.TypeFor[computeNetwork]()},
	{"subnetwork.go", "subnetworkArgs", "Subnetwork", subnetworkToken, subnetworkArgs{}.ElementType(), reflect.TypeFor[subnetwork]()},
	{"globalAddress.go", "globalAddressArgs", "GlobalAddress", globalAddressToken, globalAddressArgs{}.ElementType(), reflect.TypeFor[globalAddress]()},
	{"firewall.go", "firewallArgs", "Firewall", firewallToken, firewallArgs{}.ElementType(), reflect.TypeFor[computeFirewall]()},
	{"regionNetworkEndpointGroup.go", "regionNetworkEndpointGroupArgs", "RegionNetworkEndpointGroup", endpointGroupToken, endpointGroupArgs{}.ElementType(), reflect.TypeFor[endpointGroup]()},
	{"backendService.go", "backendServiceArgs", "BackendService", backendServiceToken, backendServiceArgs{}.ElementType(), reflect.TypeFor[backendService]()},
	{"urlmap.go", "urlmapArgs", "URLMap", urlMapToken, urlMapArgs{}.ElementType(), reflect.TypeFor[urlMap]()},
	{"sslpolicy.go", "sslpolicyArgs", "SSLPolicy", sslPolicyToken, sslPolicyArgs{}.ElementType(), reflect.TypeFor[sslPolicy]()},
	{"targetHttpsProxy.go", "targetHttpsProxyArgs", "TargetHttpsProxy", httpsProxyToken, httpsProxyArgs{}.ElementType(), reflect.TypeFor[httpsProxy]()},
	{"targetHttpProxy.go", "targetHttpProxyArgs", "TargetHttpProxy", httpProxyToken, httpProxyArgs{}.ElementType(), reflect.TypeFor[httpProxy]()},
	{"globalForwardingRule.go", "globalForwardingRuleArgs", "GlobalForwardingRule", forwardingRuleToken, forwardingRuleArgs{}.ElementType(), reflect.TypeFor[forwardingRule]()},
	{"securityPolicy.go", "securityPolicyArgs", "SecurityPolicy", securityPolicyToken, securityPolicyArgs{}.ElementType(), reflect.TypeFor[securityPolicy]()},
}

func TestNarrowBindingsAreTheSDKs(t *testing.T) {
	types := sdkTypes(t)
	for _, b := range bindings {
		compare(t, types, b.inputs, b.in)
		for i := range b.out.NumField() {
			property := b.out.Field(i).Tag.Get("pulumi")
			if property == "" {
				continue // the state of every resource
			}
			if got := types[b.outputs][property]; got != b.out.Field(i).Type.String() {
				t.Errorf("the output %s of %s is %q in the SDK, and %s here", property, b.outputs, got, b.out.Field(i).Type)
			}
		}
		source, err := os.ReadFile(filepath.Join(sdkFolder(t), b.file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(source), `ctx.RegisterResource("`+b.token+`"`) {
			t.Errorf("%s does not register %s", b.file, b.token)
		}
	}
}

// compare wants every property of a struct of ours in the SDK's struct, with the same type, and so on inside it. A text that may be an
// output has an open type here.
func compare(t *testing.T, types map[string]map[string]string, name string, ours reflect.Type) {
	t.Helper()
	theirs, ok := types[name]
	if !ok {
		t.Errorf("the SDK has no type %s", name)
		return
	}
	for i := range ours.NumField() {
		field := ours.Field(i)
		property := field.Tag.Get("pulumi")
		want, ok := theirs[property]
		if property == "" || !ok {
			t.Errorf("%s has no property %q", name, property)
			continue
		}
		shape, inner := "", field.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			shape += map[reflect.Kind]string{reflect.Pointer: "", reflect.Slice: "[]"}[inner.Kind()]
			inner = inner.Elem()
		}
		bare := strings.TrimPrefix(want, "*")
		switch {
		case inner.Kind() == reflect.Interface:
			if bare != "string" {
				t.Errorf("%s.%s is %s in the SDK, and a text here", name, property, want)
			}
		case inner.Kind() == reflect.Struct:
			if !strings.HasPrefix(bare, shape) || strings.ContainsAny(strings.TrimPrefix(bare, shape), "*[]") {
				t.Errorf("%s.%s is %s in the SDK, and %s here", name, property, want, field.Type)
				continue
			}
			compare(t, types, strings.TrimPrefix(bare, shape), inner)
		case bare != strings.TrimPrefix(field.Type.String(), "*"):
			t.Errorf("%s.%s is %s in the SDK, and %s here", name, property, want, field.Type)
		}
	}
}

// The package compute must stay out of the program.
func TestComputeIsNotImported(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), "pulumi-gcp/sdk/v7/go/gcp/compute\n") {
		t.Error("something imports gcp/compute, which takes 7.6 GB to compile")
	}
}
