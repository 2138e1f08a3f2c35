package simulate

import (
	"fmt"
	"strings"
)

// gcpFunctions are what Google Cloud answers when it is asked.
// https://www.pulumi.com/registry/packages/gcp/api-docs/
var gcpFunctions = map[string]function{
	"cloudrunv2/getJob:getJob":                                      fixed(map[string]any{"terminalConditions": []any{ready}}),
	"cloudrunv2/getService:getService":                              servingService,
	"compute/getNetblockIPRanges:getNetblockIPRanges":               fixed(map[string]any{"cidrBlocks": []any{"130.211.0.0/22", "35.191.0.0/16"}, "cidrBlocksIpv4s": []any{"130.211.0.0/22", "35.191.0.0/16"}, "cidrBlocksIpv6s": []any{}}),
	"compute/getZones:getZones":                                     fixed(map[string]any{"names": []any{"{region}-a", "{region}-b", "{region}-c"}, "project": "{project}"}),
	"dns/getManagedZone:getManagedZone":                             fixed(map[string]any{"name": "{name}", "id": "projects/{project}/managedZones/{name}", "visibility": "public", "nameServers": []any{"ns-cloud-a1.googledomains.com."}}),
	"dns/getManagedZones:getManagedZones":                           fixed(map[string]any{"managedZones": []any{}, "project": "{project}"}),
	"logging/getProjectSettings:getProjectSettings":                 fixed(map[string]any{"kmsServiceAccountId": "cmek-p{projectNumber}@gcp-sa-logging.iam.gserviceaccount.com", "loggingServiceAccountId": "service-{projectNumber}@gcp-sa-logging.iam.gserviceaccount.com", "kmsKeyName": "", "name": "projects/{project}/settings"}),
	"organizations/getClientConfig:getClientConfig":                 fixed(map[string]any{"accessToken": "ya29.{letters:64}", "project": "{project}", "region": "{region}", "zone": "{region}-a"}),
	"organizations/getClientOpenIdUserInfo:getClientOpenIdUserInfo": fixed(map[string]any{"email": "deployer@{project}.iam.gserviceaccount.com"}),
	"organizations/getProject:getProject":                           fixed(map[string]any{"projectId": "{project}", "number": "{projectNumber}", "name": "{project}", "id": "projects/{project}"}),
	"projects/getOrganizationPolicy:getOrganizationPolicy":          fixed(map[string]any{}),
	"serviceaccount/getAccount:getAccount":                          fixed(map[string]any{"email": "{accountId}@{project}.iam.gserviceaccount.com", "member": "serviceAccount:{accountId}@{project}.iam.gserviceaccount.com"}),
	"storage/getProjectServiceAccount:getProjectServiceAccount":     fixed(map[string]any{"emailAddress": "service-{projectNumber}@gs-project-accounts.iam.gserviceaccount.com"}),
}

// ready is the condition of what has become as it should be: in the simulation everything does.
// https://cloud.google.com/run/docs/reference/rest/v2/Condition
var ready = map[string]any{"type": "Ready", "state": "CONDITION_SUCCEEDED", "message": "", "reason": "", "revisionReason": "", "executionReason": "", "severity": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}

// servingService is the Cloud Run service as it was deployed: every revision has the traffic that it should have.
func servingService(c call) (map[string]any, error) {
	name := c.text("name")
	for _, t := range c.cloud.things() {
		own, _ := at(t.outputs, "name")
		if string(t.urn.Type()) != "gcp:cloudrunv2/service:Service" || !own.IsString() || own.StringValue() != name {
			continue
		}
		var statuses []any
		traffics, _ := at(t.outputs, "traffics")
		if traffics.IsArray() {
			for _, v := range traffics.ArrayValue() {
				status := map[string]any{"uri": ""}
				for key, one := range v.ObjectValue() {
					status[string(key)] = one.V
				}
				if tag, ok := status["tag"].(string); ok {
					uri, _ := at(t.outputs, "uri")
					status["uri"] = strings.Replace(fmt.Sprint(uri.V), "https://", "https://"+tag+"---", 1)
				}
				statuses = append(statuses, status)
			}
		}
		return map[string]any{"terminalConditions": []any{ready}, "trafficStatuses": statuses, "uri": fmt.Sprint(t.outputs["uri"].V)}, nil
	}
	return nil, fmt.Errorf("there is no service %q", name)
}
