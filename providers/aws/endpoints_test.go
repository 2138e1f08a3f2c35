package aws

import (
	"slices"
	"strings"
	"testing"
)

// Interface endpoints answer under the services' own names in every zone, to the tasks only, and let nobody else's principals through.
func TestInterfaceEndpoints(t *testing.T) {
	r := networkOf(t, wayOut(EgressEndpoints, true))
	for _, one := range r.Of("aws:ec2/vpcEndpoint:VpcEndpoint") {
		if one.Name == "s3" {
			continue
		}
		t.Run(one.Name, func(t *testing.T) {
			for path, want := range map[string]any{
				"vpcEndpointType": "Interface", "privateDnsEnabled": true, "serviceName": "com.amazonaws.eu-west-1." + strings.ReplaceAll(one.Name, "ecr-", "ecr."),
			} {
				if got := one.At(path); !slices.Equal(got, []any{want}) {
					t.Errorf("%s is %v, want %v", path, got, want)
				}
			}
			if zones, groups := len(one.At("subnetIds[*]")), len(one.At("securityGroupIds[*]")); zones != 3 || groups != 1 {
				t.Errorf("it is in %d subnets with %d groups", zones, groups)
			}
			for _, c := range clauses(t, one, "policy") {
				if c.Effect != "Allow" || c.Condition["StringEquals"]["aws:PrincipalAccount"] != "123456789012" {
					t.Errorf("others than this account get through: %+v", c)
				}
				for _, action := range texts(c.Action) {
					if strings.Contains(action, "*") {
						t.Errorf("action %s", action)
					}
				}
				if all := slices.Contains(texts(c.Resource), "*"); all != (one.Name == "xray" || slices.Equal(texts(c.Action), []string{"ecr:GetAuthorizationToken"})) {
					t.Errorf("%v is allowed on %v", c.Action, c.Resource)
				}
				for _, arn := range texts(c.Resource) {
					if arn != "*" && !strings.Contains(arn, ":eu-west-1:123456789012:") {
						t.Errorf("%v is allowed on things of others: %s", c.Action, arn)
					}
				}
			}
		})
	}
}

// Without another way out, S3 hands out the layers of images and nothing else. The bucket is ECR's own, and the addresses are signed
// by ECR, so neither the account nor the principal can be asked for.
func TestS3Endpoint(t *testing.T) {
	closed, _ := networkOf(t, wayOut(EgressEndpoints, true)).Find("aws:ec2/vpcEndpoint:VpcEndpoint", "s3")
	got := clauses(t, closed, "policy")
	if len(got) != 1 || !slices.Equal(texts(got[0].Action), []string{"s3:GetObject"}) || !slices.Equal(texts(got[0].Resource), []string{"arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"}) {
		t.Errorf("S3 lets through %+v", got)
	}
	open, _ := networkOf(t, wayOut(EgressNAT, true)).Find("aws:ec2/vpcEndpoint:VpcEndpoint", "s3")
	if len(open.At("policy")) > 0 {
		t.Error("buckets that can be reached through the NAT gateway are cut off")
	}
}
