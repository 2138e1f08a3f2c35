package simulate

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// awsFunctions are what AWS answers when it is asked.
// https://www.pulumi.com/registry/packages/aws/api-docs/
var awsFunctions = map[string]function{
	"index/getAvailabilityZones:getAvailabilityZones": zones,
	"index/getCallerIdentity:getCallerIdentity":       fixed(map[string]any{"accountId": "{account}", "arn": "{iam}:user/simulated", "userId": "AIDA{upper:17}", "id": "{account}"}),
	"index/getPartition:getPartition":                 fixed(map[string]any{"partition": "{partition}", "dnsSuffix": "{dns}", "reverseDnsPrefix": "com.amazonaws", "id": "{partition}"}),
	"index/getRegion:getRegion":                       fixed(map[string]any{"name": "{region}", "endpoint": "ec2.{region}.{dns}", "description": "{region} (simulated)", "id": "{region}"}),
	"index/getService:getService":                     fixed(map[string]any{"dnsName": "{serviceId}.{region}.{dns}", "reverseDnsName": "com.amazonaws.{region}.{serviceId}", "supported": true}),

	"acm/getCertificate:getCertificate":                            fixed(map[string]any{"arn": "{acm}:certificate/{uuid}", "status": "ISSUED"}),
	"cloudfront/getCachePolicy:getCachePolicy":                     managedPolicy,
	"cloudfront/getOriginRequestPolicy:getOriginRequestPolicy":     managedPolicy,
	"cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy": managedPolicy,
	"ec2/getManagedPrefixList:getManagedPrefixList":                fixed(map[string]any{"id": "pl-{hex:8}", "arn": "arn:{partition}:ec2:{region}:aws:prefix-list/pl-{hex:8}", "addressFamily": "IPv4", "maxEntries": 55, "ownerId": "AWS", "version": 1, "entries": []any{}}),
	"ec2/getPrefixList:getPrefixList":                              fixed(map[string]any{"id": "pl-{hex:8}", "cidrBlocks": []any{"198.51.100.0/24"}}),
	"ecr/getAuthorizationToken:getAuthorizationToken":              registryLogin,
	"ecr/getImage:getImage":                                        fixed(map[string]any{"imageDigest": "sha256:{hex:64}", "imageUri": "{account}.dkr.ecr.{region}.{dns}/{repositoryName}@sha256:{hex:64}", "imagePushedAt": 1577836800, "imageSizeInBytes": 1 << 20}),
	"ecs/getService:getService":                                    runningService,
	"ecs/getTaskDefinition:getTaskDefinition":                      fixed(map[string]any{"arn": "{ecs}:task-definition/{taskDefinition}:1", "family": "{taskDefinition}", "revision": 1, "status": "ACTIVE"}),
	"elb/getServiceAccount:getServiceAccount":                      fixed(map[string]any{"arn": "arn:{partition}:iam::127311923021:root", "id": "127311923021"}),
	"kms/getAlias:getAlias":                                        fixed(map[string]any{"arn": "{kms}:{name}", "targetKeyId": "{uuid}", "targetKeyArn": "{kms}:key/{uuid}"}),
	"lb/getHostedZoneId:getHostedZoneId":                           fixed(map[string]any{"id": "Z35SXDOTRQ7X7K"}),
	"rds/getEngineVersion:getEngineVersion":                        fixed(map[string]any{"parameterGroupFamily": "postgres17", "version": "17.5", "versionActual": "17.5", "supportsLogExportsToCloudwatch": true}),
	"rds/getOrderableDbInstance:getOrderableDbInstance":            fixed(map[string]any{"engineVersion": "17.5", "storageType": "gp3", "supportsStorageEncryption": true}),
	"route53/getRecords:getRecords":                                fixed(map[string]any{"resourceRecordSets": []any{}}),
	"route53/getZone:getZone":                                      zone,
	"s3/getCanonicalUserId:getCanonicalUserId":                     fixed(map[string]any{"id": "{hex:64}", "displayName": "simulated"}),
	"secretsmanager/getRandomPassword:getRandomPassword":           fixed(map[string]any{"randomPassword": "{letters:32}"}),
	"ssm/getParameter:getParameter":                                fixed(map[string]any{"arn": "{ssm}:parameter{name}", "type": "String", "value": "simulated", "insecureValue": "simulated", "version": 1}),
}

// zones are the first three of the region: every region has as many.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
func zones(c call) (map[string]any, error) {
	var names, ids []any
	for i, letter := range []string{"a", "b", "c"} {
		names, ids = append(names, c.expand("{region}"+letter)), append(ids, fmt.Sprintf("use1-az%d", i+1))
	}
	return map[string]any{"names": names, "zoneIds": ids, "groupNames": []any{c.expand("{region}")}, "id": c.expand("{region}")}, nil
}

// registryLogin is a user and password in Base64, as ECR has it. It opens nothing.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_AuthorizationData.html
func registryLogin(c call) (map[string]any, error) {
	password, _ := c.expand("{letters:64}").(string)
	return map[string]any{
		"userName": "AWS", "password": password, "authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:" + password)),
		"proxyEndpoint": c.expand("https://{account}.dkr.ecr.{region}.{dns}"), "expiresAt": "2100-01-01T00:00:00Z", "id": c.expand("{region}"),
	}, nil
}

// runningService is the service as it was deployed: in the simulation every deployment succeeds.
func runningService(c call) (map[string]any, error) {
	name, cluster := c.text("serviceName"), c.text("clusterArn")
	for _, t := range c.cloud.things() {
		if string(t.urn.Type()) != "aws:ecs/service:Service" {
			continue
		}
		own, _ := at(t.outputs, "name")
		in, _ := at(t.outputs, "cluster")
		if !own.IsString() || own.StringValue() != name || !in.IsString() || last(in.StringValue()) != last(cluster) {
			continue
		}
		out := map[string]any{"arn": t.id, "id": t.id, "schedulingStrategy": "REPLICA", "launchType": "FARGATE", "tags": map[string]any{}}
		for _, key := range []string{"taskDefinition", "desiredCount", "launchType", "schedulingStrategy"} {
			if v, ok := at(t.outputs, key); ok {
				out[key] = v.V
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("there is no service %q in cluster %q", name, cluster)
}

func last(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// zone is the hosted zone of a name, which is taken to exist.
func zone(c call) (map[string]any, error) {
	name := strings.TrimSuffix(c.text("name"), ".")
	values := map[string]any{
		"arn": "arn:{partition}:route53:::hostedzone/Z{upper:20}", "zoneId": "Z{upper:20}", "id": "Z{upper:20}", "primaryNameServer": "ns-1.awsdns-01.com",
		"callerReference": "simulated", "comment": "", "resourceRecordSetCount": 2, "nameServers": []any{"ns-1.awsdns-01.com", "ns-2.awsdns-02.net", "ns-3.awsdns-03.org", "ns-4.awsdns-04.co.uk"},
	}
	out, err := fixed(values)(c)
	if name != "" {
		out["name"] = name
	}
	return out, err
}

// managedPolicies are the ids of CloudFront's own policies: the same in every account.
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
var managedPolicies = map[string]string{
	"Managed-AllViewer":                         "216adef6-5c7f-47e4-b989-5492eafa07d3",
	"Managed-AllViewerExceptHostHeader":         "b689b0a8-53d0-40ab-baf2-68738e2966ac",
	"Managed-CachingDisabled":                   "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
	"Managed-CachingOptimized":                  "658327ea-f89d-4fab-a63d-7e88639e58f6",
	"Managed-SecurityHeadersPolicy":             "67f7725c-6f97-4210-82d7-5512b31e9d03",
	"UseOriginCacheControlHeaders":              "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
	"UseOriginCacheControlHeaders-QueryStrings": "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
}

func managedPolicy(c call) (map[string]any, error) {
	id := managedPolicies[c.text("name")]
	if id == "" {
		id = likely.Thing{Token: c.token, URN: c.text("name")}.Text("policyUuid")
	}
	return map[string]any{"id": id, "etag": "E1", "comment": ""}, nil
}
