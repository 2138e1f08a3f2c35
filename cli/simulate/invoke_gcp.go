package simulate

// gcpFunctions are what Google Cloud answers when it is asked.
// https://www.pulumi.com/registry/packages/gcp/api-docs/
var gcpFunctions = map[string]function{
	"compute/getNetblockIPRanges:getNetblockIPRanges":               fixed(map[string]any{"cidrBlocks": []any{"130.211.0.0/22", "35.191.0.0/16"}, "cidrBlocksIpv4s": []any{"130.211.0.0/22", "35.191.0.0/16"}, "cidrBlocksIpv6s": []any{}}),
	"compute/getZones:getZones":                                     fixed(map[string]any{"names": []any{"{region}-a", "{region}-b", "{region}-c"}, "project": "{project}"}),
	"dns/getManagedZone:getManagedZone":                             fixed(map[string]any{"name": "{name}", "id": "projects/{project}/managedZones/{name}", "visibility": "public", "nameServers": []any{"ns-cloud-a1.googledomains.com."}}),
	"dns/getManagedZones:getManagedZones":                           fixed(map[string]any{"managedZones": []any{}, "project": "{project}"}),
	"organizations/getClientConfig:getClientConfig":                 fixed(map[string]any{"accessToken": "ya29.{letters:64}", "project": "{project}", "region": "{region}", "zone": "{region}-a"}),
	"organizations/getClientOpenIdUserInfo:getClientOpenIdUserInfo": fixed(map[string]any{"email": "deployer@{project}.iam.gserviceaccount.com"}),
	"organizations/getProject:getProject":                           fixed(map[string]any{"projectId": "{project}", "number": "{projectNumber}", "name": "{project}", "id": "projects/{project}"}),
	"projects/getOrganizationPolicy:getOrganizationPolicy":          fixed(map[string]any{}),
	"serviceaccount/getAccount:getAccount":                          fixed(map[string]any{"email": "{accountId}@{project}.iam.gserviceaccount.com", "member": "serviceAccount:{accountId}@{project}.iam.gserviceaccount.com"}),
	"storage/getProjectServiceAccount:getProjectServiceAccount":     fixed(map[string]any{"emailAddress": "service-{projectNumber}@gs-project-accounts.iam.gserviceaccount.com"}),
}
