package aws

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// sdkTypes reads the structs of the SDK's package wafv2 as text, since to compile it is what narrow.go avoids: for each struct the
// Go type of each property.
func sdkTypes(t *testing.T) map[string]map[string]string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-aws/sdk/v6").Output()
	if err != nil {
		t.Fatalf("finding the SDK: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "go", "aws", "wafv2", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the SDK has no package wafv2: %v", err)
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

func TestNarrowBindingIsTheSDKs(t *testing.T) {
	types := sdkTypes(t)
	for name, inputs := range map[string]reflect.Type{
		"webAclArgs":                     webACLArgs{}.ElementType(),
		"webAclAssociationArgs":          webACLAssociationArgs{}.ElementType(),
		"webAclLoggingConfigurationArgs": webACLLoggingArgs{}.ElementType(),
	} {
		compare(t, types, name, inputs)
	}
	if types["WebAcl"]["arn"] != "pulumi.StringOutput" {
		t.Errorf("the output arn of a web ACL is %q", types["WebAcl"]["arn"])
	}
}

// compare wants every property of a struct of ours in the SDK's struct, with the same type, and so on inside it.
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
			shape += map[reflect.Kind]string{reflect.Pointer: "*", reflect.Slice: "[]"}[inner.Kind()]
			inner = inner.Elem()
		}
		switch {
		case inner.Kind() == reflect.Struct:
			if !strings.HasPrefix(want, shape) || strings.ContainsAny(strings.TrimPrefix(want, shape), "*[]") {
				t.Errorf("%s.%s is %s in the SDK, and %s here", name, property, want, field.Type)
				continue
			}
			compare(t, types, strings.TrimPrefix(want, shape), inner)
		case strings.TrimPrefix(want, "*") != strings.TrimPrefix(field.Type.String(), "*"):
			t.Errorf("%s.%s is %s in the SDK, and %s here", name, property, want, field.Type)
		}
	}
}

func TestNarrowTokens(t *testing.T) {
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-aws/sdk/v6").Output()
	if err != nil {
		t.Fatalf("finding the SDK: %v", err)
	}
	for file, token := range map[string]string{"webAcl.go": webACLToken, "webAclAssociation.go": webACLAssociationToken, "webAclLoggingConfiguration.go": webACLLoggingToken} {
		source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "go", "aws", "wafv2", file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(source), `ctx.RegisterResource("`+token+`"`) {
			t.Errorf("%s does not register %s", file, token)
		}
	}
}
