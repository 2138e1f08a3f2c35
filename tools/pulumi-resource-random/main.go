// Command pulumi-resource-random is a stand-in for Pulumi's random plugin where that one can't be downloaded. It has the
// type tokens, properties and semantics of version 4.18 for the resources that compute a value once: RandomPassword,
// RandomString, RandomId and RandomBytes. A stack made with it can be taken over by the official plugin.
//
// Reference: https://www.pulumi.com/registry/packages/random/api-docs/.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/slipway-iac/slipway/tools/plugin"
)

// version is that of the official plugin whose place this one takes.
const version = "4.18.0"

func main() {
	if plugin.WantsVersion(os.Args[1:]) {
		fmt.Println(version)
		return
	}
	if err := plugin.Run(context.Background(), os.Stdout, provider()); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-random:", err)
		os.Exit(1)
	}
}

func provider() *plugin.Provider {
	return &plugin.Provider{Version: version, Resources: map[string]plugin.Resource{
		"random:index/randomPassword:RandomPassword": password(),
		"random:index/randomString:RandomString":     text(),
		"random:index/randomId:RandomId":             identifier(),
		"random:index/randomBytes:RandomBytes":       bytes(),
	}}
}
