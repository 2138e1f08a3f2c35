package gcp

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// certificates are the roots of a data store as one PEM text: there are two while one is being replaced. The provider marks them secret;
// they are what everybody may know.
//   - https://cloud.google.com/sql/docs/postgres/manage-ssl-instance#rotate-server-certificate-per-instance
//   - https://cloud.google.com/memorystore/docs/redis/about-in-transit-encryption#certificate_authority_rotation
func certificates(all pulumi.StringArrayOutput) pulumi.StringOutput {
	return pulumi.Unsecret(all.ApplyT(func(all []string) string {
		var pem []string
		for _, one := range all {
			if one != "" {
				pem = append(pem, strings.TrimSpace(one))
			}
		}
		return strings.Join(pem, "\n")
	})).(pulumi.StringOutput)
}

// known is a text that may be missing.
func known(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
