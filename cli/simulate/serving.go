package simulate

import (
	"slices"
	"strings"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// serving are the types that requests go through, by what people call them. One that is replaced or deleted takes requests with it: its
// address changes, what it forwards to is empty until a deployment has ended, or its name leads nowhere. What another resource is led away
// from in place, before it goes, is not among them: the parts of a load balancer of Google Cloud behind its forwarding rules.
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html
//   - https://learn.microsoft.com/azure/container-apps/environment
//   - https://learn.microsoft.com/azure/frontdoor/endpoint
//   - https://cloud.google.com/load-balancing/docs/https
//   - https://cloud.google.com/run/docs/resource-model
var serving = map[string]string{
	"aws:cloudfront/distribution:Distribution": "CloudFront distribution",
	"aws:ec2/subnet:Subnet":                    "subnet",
	"aws:ec2/vpc:Vpc":                          "VPC",
	"aws:ecr/repository:Repository":            "ECR repository",
	"aws:ecs/cluster:Cluster":                  "ECS cluster",
	"aws:ecs/service:Service":                  "ECS service",
	"aws:lb/listener:Listener":                 "listener",
	"aws:lb/loadBalancer:LoadBalancer":         "load balancer",
	"aws:lb/targetGroup:TargetGroup":           "target group",

	"azure-native:app:ContainerApp":           "Container App",
	"azure-native:app:ManagedEnvironment":     "Container Apps environment",
	"azure-native:cdn:AFDEndpoint":            "Front Door endpoint",
	"azure-native:cdn:Profile":                "Front Door profile",
	"azure-native:containerregistry:Registry": "container registry",
	"azure-native:network:VirtualNetwork":     "virtual network",
	"azure-native:resources:ResourceGroup":    "resource group",

	"gcp:artifactregistry/repository:Repository":            "Artifact Registry repository",
	"gcp:cloudrunv2/service:Service":                        "Cloud Run service",
	"gcp:compute/globalAddress:GlobalAddress":               "address",
	"gcp:compute/globalForwardingRule:GlobalForwardingRule": "forwarding rule",
	"gcp:compute/network:Network":                           "network",
	"gcp:compute/subnetwork:Subnetwork":                     "subnetwork",
}

// addresses are the records by which clients find a stack, by the input that has the record's type and by the types that lead to it. Proofs
// of a certificate are others.
var addresses = map[string]struct{ input, types string }{
	"aws:route53/record:Record":      {"type", "A AAAA"},
	"azure-native:network:RecordSet": {"recordType", "A AAAA CNAME"},
	"gcp:dns/recordSet:RecordSet":    {"type", "A AAAA"},
}

// Serves tells what requests would miss if a resource were replaced or deleted, in words, or nothing.
func Serves(token string, inputs map[string]any) string {
	token = unversioned(token)
	if purpose, _ := inputs["purpose"].(string); purpose != "" && token == "gcp:compute/globalAddress:GlobalAddress" {
		return "" // a range for private services, which no request is sent to
	}
	if word := serving[token]; word != "" {
		return word
	}
	if record, ok := addresses[token]; ok {
		if kind, _ := inputs[record.input].(string); slices.Contains(strings.Fields(record.types), kind) {
			return "public address"
		}
	}
	return ""
}

// unversioned leaves the version of Azure's API out of a type.
func unversioned(token string) string {
	if !strings.HasPrefix(token, "azure-native:") {
		return token
	}
	kind, _ := likely.AzureType(token)
	return "azure-native:" + kind
}
