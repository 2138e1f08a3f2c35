package likely

import (
	"regexp"
	"strings"
)

// named is a form for a property of any resource of a cloud, by a pattern on the property's name. The first that matches counts.
type named struct {
	property *regexp.Regexp
	template string
}

// forms are the templates of the resource's own type.
func (t Thing) forms() form {
	_, rest, _ := strings.Cut(t.Token, ":")
	switch t.cloud() {
	case "aws":
		return awsForms[rest]
	case "azure-native":
		return azureForms[azureType(t.Token)]
	case "gcp":
		return gcpForms[rest]
	}
	return localForms[t.Token]
}

// byProperty finds the template for a property by its name alone.
func (t Thing) byProperty(path, property string) (string, bool) {
	rows := append([]named{}, everywhere...)
	switch t.cloud() {
	case "aws":
		rows = append(append([]named{}, awsNamed...), rows...)
	case "azure-native":
		if template, ok := t.azureOwn(path); ok {
			return template, true
		}
		rows = append(append([]named{}, azureNamed...), rows...)
	case "gcp":
		rows = append(append([]named{}, gcpNamed...), rows...)
	case "docker":
		rows = append(append([]named{}, dockerNamed...), rows...)
	}
	for _, r := range rows {
		if r.property.MatchString(property) {
			return r.template, true
		}
	}
	return "", false
}

// everywhere are the forms that no cloud has for itself.
var everywhere = []named{
	{regexp.MustCompile(`(?i)cert(ificate)?pem$|^cert$`), "{certificate}"},
	{regexp.MustCompile(`(?i)publickeypem$`), "{publicKey}"},
	{regexp.MustCompile(`(?i)pem(pkcs8)?$`), "{privateKey}"},
	{regexp.MustCompile(`(?i)digest$`), "sha256:{hex:64}"},
	{regexp.MustCompile(`(?i)(fingerprint|etag|checksum)s?$`), "{hex:32}"},
	{regexp.MustCompile(`(?i)(time|date|createdat|updatedat|timestamp)$`), "2020-01-01T00:00:00Z"},
	{regexp.MustCompile(`(?i)ip(v4)?(address)?(es)?(\[\*\])?$`), "{ip}"},
	{regexp.MustCompile(`(?i)cidr(block)?(\[\*\])?$`), "10.0.0.0/16"},
	{regexp.MustCompile(`(?i)ur[li]s?(\[\*\])?$`), "https://{hex:12}.example.com"},
	{regexp.MustCompile(`(?i)(host|hostname|domain|domainname|dnsname|fqdn|endpoint|address)s?(\[\*\])?$`), "{hex:12}.example.com"},
}

// where answers for the placeholders that the provider's place gives.
func (t Thing) where(what string) (string, bool) {
	or := func(text, otherwise string) (string, bool) {
		if text == "" {
			text = otherwise
		}
		return text, true
	}
	switch what {
	case "account":
		return or(t.Place.Account, Account)
	case "subscription":
		return or(t.Place.Subscription, Subscription)
	case "tenant":
		return Tenant, true
	case "project":
		if own, ok := textAt(t.Inputs, "project"); ok && t.cloud() == "gcp" {
			return own, true
		}
		return or(t.Place.Project, Project)
	case "projectNumber":
		return ProjectNumber, true
	case "region":
		for cloud, input := range map[string]string{"gcp": "region", "azure-native": "location"} {
			if own, ok := textAt(t.Inputs, input); ok && t.cloud() == cloud {
				return own, true
			}
		}
		return or(t.Place.Region, regions[t.cloud()])
	case "partition":
		return Partition(t.Place.Region), true
	case "dns":
		return DNSSuffix(t.Place.Region), true
	case "module", "kind": // of the token: aws:MODULE/x:KIND
		module, kind, _ := strings.Cut(strings.TrimPrefix(t.Token, t.cloud()+":"), ":")
		if what == "kind" {
			return strings.ToLower(kind), true
		}
		module, _, _ = strings.Cut(module, "/")
		return module, true
	case "azureType":
		return t.azureKind(), true
	}
	return t.arn(what)
}

// The accounts that simulated things are in. The clouds' own documentation uses these.
const (
	Account       = "123456789012"
	Subscription  = "12345678-1234-9876-4563-123456789012"
	Tenant        = "87654321-4321-6789-3654-210987654321"
	Project       = "simulated-project"
	ProjectNumber = "123456789012"
)

var regions = map[string]string{"aws": "us-east-1", "azure-native": "eastus", "gcp": "us-central1"}

// Partition is the part of AWS that a region belongs to.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// DNSSuffix is the domain of AWS's services in a region.
func DNSSuffix(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// nameProperties are the inputs that name a resource where "name" does not.
var nameProperties = map[string]string{
	"aws:rds/instance:Instance":                              "identifier",
	"aws:rds/cluster:Cluster":                                "clusterIdentifier",
	"aws:elasticache/replicationGroup:ReplicationGroup":      "replicationGroupId",
	"aws:elasticache/cluster:Cluster":                        "clusterId",
	"aws:ecs/taskDefinition:TaskDefinition":                  "family",
	"aws:s3/bucket:Bucket":                                   "bucket",
	"aws:s3/bucketV2:BucketV2":                               "bucket",
	"aws:cloudwatch/dashboard:Dashboard":                     "dashboardName",
	"aws:cloudwatch/compositeAlarm:CompositeAlarm":           "alarmName",
	"gcp:secretmanager/secret:Secret":                        "secretId",
	"gcp:artifactregistry/repository:Repository":             "repositoryId",
	"gcp:serviceaccount/account:Account":                     "accountId",
	"gcp:logging/projectBucketConfig:ProjectBucketConfig":    "bucketId",
	"gcp:monitoring/notificationChannel:NotificationChannel": "displayName",
	"gcp:monitoring/alertPolicy:AlertPolicy":                 "displayName",
	"gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig":     "displayName",
}

// NameProperty is the input by which a type of resource is named in its cloud.
func NameProperty(token string) string {
	if p, ok := nameProperties[token]; ok {
		return p
	}
	if strings.HasPrefix(token, "azure-native:") {
		return azureName(token)
	}
	return "name"
}
