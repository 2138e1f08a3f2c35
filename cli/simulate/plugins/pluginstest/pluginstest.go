// Package pluginstest is a plugin to test with: it behaves as those do that are built on Pulumi's Terraform bridge, or as Pulumi's native
// ones do, and fails in each way that they fail. Inputs say what it does, so one test has everything in front of it.
package pluginstest

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/structpb"
)

// Version is what the plugin says that it is.
const Version = "6.0.0"

const prefix = "pulumi-resource-"

// Main serves as a plugin if the test binary was started under a plugin's name, and does not return then. TestMain calls it first.
// Plugins whose name begins with "azure" are native, all others are bridged.
func Main() {
	name, is := strings.CutPrefix(strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe"), prefix)
	if !is {
		return
	}
	if len(os.Args) > 1 && strings.HasSuffix(os.Args[1], "-version") {
		fmt.Println(Version)
		os.Exit(0)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	server := grpc.NewServer()
	if strings.HasPrefix(name, "azure") {
		pulumirpc.RegisterResourceProviderServer(server, &native{})
	} else {
		pulumirpc.RegisterResourceProviderServer(server, &bridged{})
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	err = server.Serve(listener)
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Install puts the plugin of a provider into a folder, unless it is there: the test binary under a plugin's name.
func Install(dir, name string) (file string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, prefix+name)
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	if err := os.Symlink(self, file); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return file, nil
}

var everything = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true, SkipNulls: true}

func read(s *structpb.Struct) resource.PropertyMap {
	m, err := plugin.UnmarshalProperties(s, everything)
	if err != nil {
		panic(err)
	}
	return m
}

func write(m resource.PropertyMap) *structpb.Struct {
	s, err := plugin.MarshalProperties(m, everything)
	if err != nil {
		panic(err)
	}
	return s
}

func text(m resource.PropertyMap, key resource.PropertyKey) string {
	v := m[key]
	if v.IsSecret() {
		v = v.SecretValue().Element
	}
	if !v.IsString() {
		return ""
	}
	return v.StringValue()
}
