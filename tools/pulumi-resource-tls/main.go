// Command pulumi-resource-tls is a stand-in for Pulumi's tls plugin where that one can't be downloaded. It has the type
// tokens, properties and semantics of version 5.2 for all four resources: PrivateKey, SelfSignedCert, CertRequest and
// LocallySignedCert. A stack made with it can be taken over by the official plugin.
//
// Reference: https://www.pulumi.com/registry/packages/tls/api-docs/.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/slipway-iac/slipway/tools/plugin"
)

// version is that of the official plugin whose place this one takes.
const version = "5.2.0"

func main() {
	if plugin.WantsVersion(os.Args[1:]) {
		fmt.Println(version)
		return
	}
	if err := plugin.Run(context.Background(), os.Stdout, provider(time.Now)); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-tls:", err)
		os.Exit(1)
	}
}

func provider(now func() time.Time) *plugin.Provider {
	return &plugin.Provider{Version: version, Resources: map[string]plugin.Resource{
		"tls:index/privateKey:PrivateKey":               privateKey(),
		"tls:index/certRequest:CertRequest":             certRequest(),
		"tls:index/selfSignedCert:SelfSignedCert":       selfSigned(now),
		"tls:index/locallySignedCert:LocallySignedCert": locallySigned(now),
	}}
}
