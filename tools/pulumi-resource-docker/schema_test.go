package main

import (
	"encoding/json"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// TestSDKTypesAreKnown compares the properties of the official SDK with the schema that the real bridge makes.
func TestSDKTypesAreKnown(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short")
	}
	for _, name := range []string{bridgeProgram, providerProgram} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is not on PATH: `make test` puts it there; -short leaves this test out", name)
		}
	}
	bridge, err := startBridge(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer bridge.stop()
	schema := bridgeSchema(t, bridge)
	for token, args := range map[string]any{
		containerToken: docker.ContainerArgs{}, "docker:index/network:Network": docker.NetworkArgs{},
		"docker:index/remoteImage:RemoteImage": docker.RemoteImageArgs{}, "docker:index/volume:Volume": docker.VolumeArgs{},
		"docker:index/registryImage:RegistryImage": docker.RegistryImageArgs{}, "docker:index/secret:Secret": docker.SecretArgs{},
		"docker:index/serviceConfig:ServiceConfig": docker.ServiceConfigArgs{}, "docker:index/service:Service": docker.ServiceArgs{},
		"docker:index/tag:Tag": docker.TagArgs{}, "docker:index/plugin:Plugin": docker.PluginArgs{},
		"docker:index/buildxBuilder:BuildxBuilder": docker.BuildxBuilderArgs{},
	} {
		e := lookup(token)
		known, ok := schema.Resources[e.bridged]
		if !ok {
			t.Errorf("the bridge has no %s", e.bridged)
			continue
		}
		element := args.(interface{ ElementType() reflect.Type }).ElementType()
		schema.compare(t, e, token, element, known.InputProperties, true)
	}
}

// packageSchema is what the comparison needs of a Pulumi package's schema.
type packageSchema struct {
	Resources map[string]struct{ InputProperties map[string]property }
	Types     map[string]struct{ Properties map[string]property }
}

type property struct {
	Type  string
	Ref   string `json:"$ref"`
	Items *property
}

func bridgeSchema(t *testing.T, b *bridge) packageSchema {
	t.Helper()
	r, err := pulumirpc.NewResourceProviderClient(b.conn).GetSchema(t.Context(), &pulumirpc.GetSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var s packageSchema
	if err := json.Unmarshal([]byte(r.GetSchema()), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// compare walks through the SDK's struct and the schema together: every property must be there, and be a list in both or
// in neither.
func (s packageSchema) compare(t *testing.T, e entry, path string, goType reflect.Type, known map[string]property, top bool) {
	t.Helper()
	for goType.Kind() == reflect.Pointer || goType.Kind() == reflect.Slice {
		goType = goType.Elem()
	}
	if goType.Kind() != reflect.Struct {
		return
	}
	for i := range goType.NumField() {
		field := goType.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("pulumi"), ",")
		bridged := name
		if top {
			bridged = e.bridgedPath(name)
		}
		p, ok := known[bridged]
		if !ok {
			if len(e.take(object(name, ""))) == 0 {
				t.Errorf("%s.%s: the bridge has no %q", path, name, bridged)
			}
			continue
		}
		kind := field.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if list := kind.Kind() == reflect.Slice; list != (p.Type == "array") {
			t.Errorf("%s.%s: a list in one and not in the other (%s, %q)", path, name, kind, p.Type)
			continue
		}
		if p.Items != nil {
			p = *p.Items
		}
		if inner, ok := s.Types[strings.TrimPrefix(p.Ref, "#/types/")]; ok {
			s.compare(t, e, path+"."+name, kind, inner.Properties, false)
		}
	}
}
