package stacks

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/providers/aws/spec"
	azure "github.com/slipway-iac/slipway/providers/azure/spec"
	gcpspec "github.com/slipway-iac/slipway/providers/gcp/spec"
)

// everything is what a stack of tier prod with all of its parts asks of a region of Azure.
const everything = azure.Zones | azure.Standby | azure.V5 | azure.GeoBackup | azure.Link

const topKeys = "alerts, allow, app, aws, azure, cache, cloud, database, docker, domain, edge, gcp, logs, region, rollout, secrets, tags, tier, traces"

// problemRows are bad configurations with the full list of what is wrong.
var problemRows = []struct {
	name string
	kv   []string
	want []string
}{
	{"nothing", nil, []string{`cloud: required, but not set; allowed: docker, aws, azure, gcp`}},
	{"misspelt cloud and tier", []string{"cloud", "asw", "tier", "prd"}, []string{
		`cloud = "asw": not one of the allowed values; allowed: docker, aws, azure, gcp; did you mean aws?`,
		`tier = "prd": not one of the allowed values; allowed: dev, prod; did you mean prod?`,
	}},
	{"unknown keys", []string{"cloud", "docker", "clouds", "x", "replicas", `{}`, "zzzzzzz", "1", "database.ha", "true", "app", `{"replicas":{"mn":1}}`}, []string{
		`app.replicas.mn = 1: unknown key; allowed: max, min; did you mean app.replicas.min?`,
		`clouds = "x": unknown key; allowed: ` + topKeys + `; did you mean cloud?`,
		`database.ha = "true": unknown key; a nested key is set with: pulumi config set --path 'slipway:database.ha' VALUE`,
		`replicas = "{}": unknown key; allowed: ` + topKeys + `; did you mean app.replicas?`,
		`zzzzzzz = "1": unknown key; allowed: ` + topKeys,
	}},
	{"wrong types", []string{"cloud", "docker", "app", `{"port":true,"cpu":[],"memory":1,"name":{},"migrate":"x","env":[],"replicas":3,"drain":10}`,
		"cache", `[]`, "tags", "x", "database", `{"enabled":"yes","version":"new"}`, "traces", `{"sampleRatio":"NaN"}`}, []string{
		`app.cpu = []: wrong type; allowed: a number`,
		`app.drain = 10: not a duration such as 90s or 10m; allowed: 1s to 120s`,
		`app.env = []: wrong type; allowed: an object`,
		`app.memory = 1: not a quantity such as 512Mi or 20Gi; allowed: 32Mi to 512Gi`,
		`app.migrate = "x": wrong type; allowed: a list`,
		`app.name = {}: wrong type; allowed: a text`,
		`app.port = true: not a whole number; allowed: 1024 to 65535`,
		`app.replicas = 3: wrong type; allowed: an object`,
		`cache = []: wrong type; allowed: an object`,
		`database.enabled = "yes": not true or false`,
		`database.version = "new": not a whole number; allowed: 14, 15, 16, 17`,
		`tags = "x": has no meaning for cloud docker; allowed: only for aws, azure, gcp`,
		`traces.sampleRatio = "NaN": not a number; allowed: 0 to 1`,
	}},
	{"out of range", []string{"cloud", "docker", "app", `{"port":80,"cpu":0.01,"memory":"1Ti","drain":"5m","replicas":{"min":0}}`, "database", `{"version":9}`,
		"rollout", `{"strategy":"canary","steps":[0,101]}`, "traces", `{"sampleRatio":1.5}`}, []string{
		`app.cpu = 0.01: out of range; allowed: 0.05 to 64`,
		`app.drain = "5m": out of range; allowed: 1s to 120s`,
		`app.memory = "1Ti": out of range; allowed: 32Mi to 512Gi`,
		`app.port = 80: out of range; allowed: 1024 to 65535`,
		`app.replicas.min = 0: out of range; allowed: 1 to 100`,
		`database.version = 9: not one of the allowed values; allowed: 14, 15, 16, 17; did you mean 14?`,
		`rollout.steps[0] = 0: out of range; allowed: 1 to 100`,
		`rollout.steps[1] = 101: out of range; allowed: 1 to 100`,
		`traces.sampleRatio = 1.5: out of range; allowed: 0 to 1`,
	}},
	{"shapes", []string{"cloud", "docker", "app", `{"name":"Links","healthPath":"up","env":{"1A":"x","A":{}}}`, "alerts", `{"emails":["root",""]}`,
		"database", `{"size":"huge"}`, "allow", `{"domian":"because it is internal"}`}, []string{
		`alerts.emails[0] = "root": not an e-mail address such as oncall@example.com`,
		`alerts.emails[1] = "": not an e-mail address such as oncall@example.com`,
		`allow.domian = "because it is internal": unknown id; allowed: ` + list(namedSet("guardrails")) + `; did you mean domain?`,
		`app.env.1A: not a name for an environment variable; allowed: letters, digits and _, first no digit`,
		`app.env.A = {}: wrong type; allowed: a text`,
		`app.healthPath = "up": not a path that starts with "/", of letters, digits and ._~/:@+,=-`,
		`app.name = "Links": not lower-case letters, digits and hyphens, first a letter, last no hyphen, at most 40 characters`,
		`database.size = "huge": not small, medium, large, or a machine type in the cloud's own terms`,
	}},
	{"other clouds' keys", []string{"cloud", "docker", "region", "us-east-1", "aws", `{"spot":true}`, "azure", `{"geoBackup":false}`, "edge", `{"waf":true,"cdn":[]}`,
		"database", `{"ha":"true","backupDays":0,"size":"db.r6g.large"}`, "cache", `{"size":"cache.t4g.small"}`}, []string{
		`aws = {"spot":true}: has no meaning for cloud docker; allowed: only for aws`,
		`cache.size = "cache.t4g.small": the Docker Engine has no machine types; allowed: small, medium, large`,
		`database.ha = "true": has no meaning for cloud docker; allowed: only for aws, azure, gcp`,
		`edge.waf = true: has no meaning for cloud docker; allowed: only for aws, azure, gcp`,
		`region = "us-east-1": has no meaning for cloud docker; allowed: only for aws, azure, gcp`,
	}},
	{"what Google's front ends keep for themselves", []string{"cloud", "gcp", "domain", `{"name":"links.example.com","zone":"example.com"}`, "gcp", `{"dnsProject":"x"}`,
		"app", `{"healthPath":"/healthz","readyPath":"/_ah/ready"}`, "rollout", `{"strategy":"canary","smokePath":"/eventlog"}`}, []string{
		`app.healthPath = "/healthz": Google's front ends keep paths that end in z for themselves and answer 404: visitors and checks from outside never reach the app; allowed: a path such as /health`,
		`app.readyPath = "/_ah/ready": Google's front ends keep paths that begin with /_ah/ for themselves and answer 404: visitors and checks from outside never reach the app; allowed: a path such as /ready`,
		`gcp.dnsProject = "x": not a project id: 6 to 30 lower-case letters, digits and hyphens, first a letter`,
		`rollout.smokePath = "/eventlog": Google's front ends keep /eventlog for themselves and answer 404: visitors and checks from outside never reach the app; allowed: a path such as /ready`,
	}},
	{"what Google Cloud does not have", []string{"cloud", "gcp", "region", "us-central2", "database", `{"size":"db-custom-3-7680","backupDays":0,"ha":true}`, "cache", `{"size":"memory-301"}`,
		"domain", `{"name":"links.example.com","zone":"example.com"}`, "edge", `{"waf":true,"wafExclusions":["931130"],"bodyLimit":"64Mi"}`}, []string{
		`cache.size = "memory-301": not a capacity of Memorystore for Redis; allowed: small, medium, large, a capacity in GiB from memory-1 to memory-300`,
		`database.ha = true: a standby needs backups, and database.backupDays is 0; allowed: database.backupDays of 1 or more`,
		`database.size = "db-custom-3-7680": not a tier of Cloud SQL in the edition Enterprise; allowed: small, medium, large, ` + gcpspec.TierRule,
		`edge.bodyLimit = 64Mi: Cloud Run takes no larger body; allowed: at most 32Mi, or 0Ki for that; did you mean 32Mi?`,
		`edge.wafExclusions[0] = "931130": not a rule of edge.waf on gcp; allowed: ` + gcpspec.RuleNames,
		`region = "us-central2": not a region with Cloud Run, Cloud SQL and Memorystore in the table of ` + gcpspec.RegionsDate + ` (providers/gcp/spec); allowed: ` + list(gcpspec.Regions()) + `; did you mean us-central1?`,
	}},
	{"what only gcp's load balancer does", []string{"cloud", "gcp", "edge", `{"hsts":{"maxAge":"1h"},"bodyLimit":"1Mi"}`}, []string{
		`edge.bodyLimit = 1Mi: needs gcp's load balancer, which needs a domain; allowed: set domain.name and domain.zone, or leave it out`,
		`edge.hsts.maxAge = 1h0m0s: needs gcp's load balancer, which needs a domain; browsers ask every host of .app by HTTPS only anyway; allowed: set domain.name and domain.zone, or leave it out`,
	}},
	{"a zone's project without a zone", []string{"cloud", "gcp", "gcp", `{"dnsProject":"example-dns"}`}, []string{
		`gcp.dnsProject = "example-dns": there is no zone without domain.name; allowed: domain.name and domain.zone too, or no gcp.dnsProject`,
	}},
	{"what PostgreSQL keeps for itself", []string{"cloud", "docker", "app", `{"name":"pg-admin","readyPath":"/it's"}`}, []string{
		`app.name = "pg-admin": the database's role is called after it, and those that begin with pg_ are PostgreSQL's own; allowed: a name other than pg that does not begin with pg-`,
		`app.readyPath = "/it's": not a path that starts with "/", of letters, digits and ._~/:@+,=-`,
	}},
	{"what PostgreSQL keeps for itself, in short", []string{"cloud", "docker", "app", `{"name":"pg"}`}, []string{
		`app.name = "pg": the database's role is called after it, and those that begin with pg_ are PostgreSQL's own; allowed: a name other than pg that does not begin with pg-`,
	}},
	{"too much for one host", []string{"cloud", "docker", "app", `{"replicas":{"min":9}}`, "edge", `{"rateLimit":5}`}, []string{
		`app.replicas.min = 9: more than one host's database serves; allowed: 1 to 8`,
		`edge.rateLimit = 5: less than one request in ten seconds, which is what the proxy counts in; allowed: 0, or 6 to 1000000`,
	}},
	{"docker", []string{"cloud", "docker", "docker", `{"httpPort":8443,"dashboardPort":8443}`, "app", `{"replicas":{"min":1,"max":2},"architecture":"arm"}`}, []string{
		`app.architecture = "arm": not one of the allowed values; allowed: native, amd64, arm64; did you mean arm64?`,
		`app.replicas.max = 2: the Docker Engine has no autoscaling; allowed: the same as app.replicas.min, 1`,
		`docker.dashboardPort = 8443: the same port as docker.httpPort; allowed: three different ports`,
		`docker.httpPort = 8443: the same port as docker.httpsPort; allowed: three different ports`,
	}},
	{"aws", []string{"cloud", "aws", "region", "europe-west1", "tags", `{"aws:x":"1"}`, "app", `{"cpu":0.25,"memory":"8Gi","architecture":"native","replicas":{"min":3,"max":2}}`,
		"aws", `{"accountId":"12","backupRegion":"eu-west-1x","egress":"nta"}`, "logs", `{"retentionDays":31}`, "edge", `{"rateLimit":5,"cdn":["/a/","/a/"]}`}, []string{
		`app.architecture = "native": not available on aws; allowed: amd64, arm64`,
		`app.cpu = 0.25 with app.memory 8Gi: aws has no such combination; allowed: app.memory with app.cpu 0.25: 512Mi to 1Gi in steps of 512Mi or 2Gi; did you mean app.cpu 1 with app.memory 8Gi?`,
		`app.replicas.max = 2: less than app.replicas.min; allowed: 3 or more`,
		`aws.accountId = "12": not 12 digits`,
		`aws.backupRegion = "eu-west-1x": not a region of aws; allowed: a name such as us-east-1`,
		`aws.egress = "nta": not one of the allowed values; allowed: public, nat, nat-per-zone, endpoints; did you mean nat?`,
		`edge.cdn[1] = "/a/": listed twice`,
		`edge.rateLimit = 5: less than AWS WAF can limit to; allowed: 0, or 10 to 1000000`,
		`logs.retentionDays = 31: not a retention that aws offers; allowed: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653; did you mean 60?`,
		`region = "europe-west1": not a region of aws, but it looks like one of gcp; allowed: a name such as us-east-1`,
		`tags.aws:x = "1": not a tag that aws takes; allowed: ` + rowOf(CloudAWS).tagHint,
	}},
	{"aws backup region", []string{"cloud", "aws", "aws", `{"backupRegion":"us-east-1"}`}, []string{
		`aws.backupRegion = "us-east-1": a copy in the same region doesn't survive the loss of that region; allowed: another region than region`,
	}},
	{"aws boundary", []string{"cloud", "aws", "aws", `{"permissionsBoundary":"boundary"}`}, []string{
		`aws.permissionsBoundary = "boundary": not the ARN of a managed policy, such as arn:aws:iam::111122223333:policy/boundary`,
	}},
	{"aws boundary of another account", []string{"cloud", "aws", "aws", `{"accountId":"111122223333","permissionsBoundary":"arn:aws:iam::444455556666:policy/team/boundary"}`}, []string{
		`aws.permissionsBoundary = "arn:aws:iam::444455556666:policy/team/boundary": a policy of another account than aws.accountId; allowed: a policy of account 111122223333, or of AWS`,
	}},
	{"aws in a cloud apart", []string{"cloud", "aws", "region", "us-gov-west-1", "aws", `{"backupRegion":"cn-north-1"}`}, []string{
		`aws.backupRegion = "cn-north-1": in aws-cn, one of AWS's clouds apart, which has no CloudFront with VPC origins and nothing in us-east-1; allowed: ` + list(spec.Regions(false)),
		`region = "us-gov-west-1": in aws-us-gov, one of AWS's clouds apart, which has no CloudFront with VPC origins and nothing in us-east-1; allowed: ` + list(spec.Regions(true)),
	}},
	{"aws rules", []string{"cloud", "aws", "edge", `{"waf":true,"wafExclusions":["GenericRFI_Body","931130"]}`}, []string{
		`edge.wafExclusions[0] = "GenericRFI_Body": not a rule of AWS's managed groups; allowed: ` + list(spec.WAFRules()) + `; did you mean GenericRFI_BODY?`,
		`edge.wafExclusions[1] = "931130": not a rule of AWS's managed groups; allowed: ` + list(spec.WAFRules()),
	}},
	{"aws rules without a firewall", []string{"cloud", "aws", "edge", `{"wafExclusions":["GenericRFI_BODY"]}`}, []string{
		`edge.wafExclusions[0] = "GenericRFI_BODY": without edge.waf there are no managed rules; allowed: edge.waf true, or no edge.wafExclusions`,
	}},
	{"aws where CloudFront can't reach in", []string{"cloud", "aws", "region", "ap-southeast-6"}, []string{
		`region = "ap-southeast-6": CloudFront has no VPC origins there, and without domain.name or with edge.cdn it is the front door; allowed: ` + list(spec.Regions(true)) + `; or domain.name, and no edge.cdn`,
	}},
	{"aws in regions and on machines that are not there", []string{"cloud", "aws", "region", "eu-west-9", "aws", `{"backupRegion":"eu-north-2"}`,
		"database", `{"size":"db.m7g.huge"}`, "cache", `{"size":"db.t4g.micro"}`}, []string{
		`aws.backupRegion = "eu-north-2": not a region that the table of ` + spec.RegionsDate + ` has (providers/aws/spec); allowed: ` +
			list(slices.DeleteFunc(spec.Regions(false), func(n string) bool { return n == "eu-west-9" })) + `; did you mean eu-north-1?`,
		`cache.size = "db.t4g.micro": not a machine type of aws in the table of ` + spec.MachinesDate + ` (providers/aws/spec); allowed: small, medium, large, a class that begins with cache.`,
		`database.size = "db.m7g.huge": not a machine type of aws in the table of ` + spec.MachinesDate + ` (providers/aws/spec); allowed: small, medium, large, ` + list(spec.Near("db.m7g.")),
		`region = "eu-west-9": not a region that the table of ` + spec.RegionsDate + ` has (providers/aws/spec); allowed: ` + list(spec.Regions(true)) + `; did you mean eu-west-1?`,
	}},
	{"azure", []string{"cloud", "azure", "region", "us-east-1", "app", `{"cpu":5,"memory":"3Gi","architecture":"arm64"}`, "domain", `{"name":"a.example.com","zone":"example.com"}`,
		"database", `{"storage":"50Gi","backupDays":3}`, "logs", `{"retentionDays":7}`, "azure", `{"frontDoor":"none","subscriptionId":"x"}`, "edge", `{"rateLimit":9,"waf":true,"cdn":["/"]}`,
		"tags", `{"a/b":"x"}`}, []string{
		`app.architecture = "arm64": not available on azure; allowed: amd64`,
		`app.cpu = 5 with app.memory 3Gi: azure has no such combination; allowed: app.cpu 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 3.75, 4; did you mean app.cpu 4 with app.memory 8Gi?`,
		`azure.dnsResourceGroup: required with domain.name; allowed: the resource group of the zone`,
		`azure.subscriptionId = "x": not a lower-case UUID`,
		`database.backupDays = 3: fewer than azure allows; allowed: 7 to 35`,
		`database.storage = 50Gi: not a size that azure offers; allowed: 32Gi, 64Gi, 128Gi, 256Gi, 512Gi, 1Ti, 2Ti, 4Ti, 8Ti, 16Ti; did you mean 64Gi?`,
		`edge.cdn = ["/"]: not with azure.frontDoor none; allowed: azure.frontDoor standard or premium`,
		`edge.rateLimit = 9: not with azure.frontDoor none; allowed: azure.frontDoor standard or premium`,
		`edge.waf = true: not with azure.frontDoor none; allowed: azure.frontDoor premium`,
		`logs.retentionDays = 7: not a retention that azure offers; allowed: 30 to 730`,
		`region = "us-east-1": not a region of azure, but it looks like one of aws; allowed: a name such as centralus`,
		`tags.a/b = "x": not a tag that azure takes; allowed: ` + rowOf(CloudAzure).tagHint,
	}},
	{"gcp without a load balancer", []string{"cloud", "gcp", "rollout", `{"strategy":"canary"}`, "app", `{"env":{"K_SERVICE":"x","CACHE_VERIFY":"full","CLIENT_IP_HEADER":"X-Real-IP"}}`}, []string{
		`app.env.CACHE_VERIFY: Slipway itself sets this variable; allowed: another name`,
		`app.env.CLIENT_IP_HEADER: Slipway itself sets this variable; allowed: another name`,
		`app.env.K_SERVICE: Slipway itself sets this variable; allowed: another name`,
		`rollout.strategy = "canary": needs gcp's load balancer, which needs a domain; allowed: rolling, or set domain.name and domain.zone; did you mean rolling?`,
	}},
	{"azure database", []string{"cloud", "azure", "database", `{"version":17,"ha":true}`, "azure", `{"entraAdmin":"11111111-2222-3333-4444-555555555555"}`}, []string{
		`azure.entraAdminName: required with azure.entraAdmin; allowed: the name of 11111111-2222-3333-4444-555555555555 in Entra`,
		`database.ha = true: not with database.size small: burstable machines have no standby; allowed: database.size such as Standard_D2ds_v5`,
		`database.version = 17: not a version that azure offers; allowed: 14 to 16; did you mean 16?`,
	}},
	{"azure in a region that lacks parts of tier prod", []string{"cloud", "azure", "tier", "prod", "region", "mexicocentral", "database", `{"ha":true}`, "azure", `{"geoBackup":true}`}, []string{
		`azure.frontDoor = "premium": not in region mexicocentral: Front Door has no private link to it; allowed: in region ` + list(azure.Regions(everything)) + `; or azure.frontDoor standard`,
		`azure.geoBackup = true: not in region mexicocentral: backups are not copied from there; allowed: in region ` + list(azure.Regions(everything)) + `; or azure.geoBackup: false`,
		`database.ha = true: not in region mexicocentral: Microsoft makes no new standbys in another zone there; allowed: in region ` + list(azure.Regions(everything)) + `; or database.ha: false`,
		`database.size = "medium": not in region mexicocentral: it has no machines of the fifth generation; allowed: in region ` + list(azure.Regions(everything)) + `; or a size such as Standard_D2ds_v4`,
	}},
	{"azure in a region that is blocked for standbys", []string{"cloud", "azure", "tier", "prod", "region", "westeurope", "database", `{"ha":true}`}, []string{
		`database.ha = true: not in region westeurope: Microsoft makes no new standbys in another zone there; allowed: in region ` + list(azure.Regions(everything&^azure.GeoBackup)) + `; or database.ha: false`,
	}},
	{"azure prod without zones", []string{"cloud", "azure", "tier", "prod", "region", "westus", "database", `{"enabled":false}`, "azure", `{"frontDoor":"standard"}`, "edge", `{"waf":false}`}, []string{
		`region = "westus": it has no availability zones, over which a stack of tier prod is spread; allowed: in region ` + list(azure.Regions(azure.Zones)) + `; or tier dev`,
	}},
	{"azure in no region", []string{"cloud", "azure", "region", "swedencentrl"}, []string{
		`region = "swedencentrl": not a region that the table of ` + azure.RegionsDate + ` has (providers/azure/spec); allowed: ` + list(azure.Regions(0)) + `; did you mean swedencentral?`,
	}},
	{"azure edge", []string{"cloud", "azure", "edge", `{"wafExclusions":["931130","GenericRFI_BODY","931130"],"hsts":{"maxAge":"1h"},"bodyLimit":"1Mi"}`}, []string{
		`edge.bodyLimit = 1Mi: not with azure.frontDoor none: the app's own ingress has no limit; allowed: azure.frontDoor standard or premium, or 0Ki`,
		`edge.hsts.maxAge = 1h0m0s: not with azure.frontDoor none: the app's own ingress sets no headers; allowed: azure.frontDoor standard or premium; or 0s, and the app sets it`,
		`edge.wafExclusions[1] = "GenericRFI_BODY": not a rule of Microsoft_DefaultRuleSet 2.1 or Microsoft_BotManagerRuleSet 1.1; allowed: the id of a rule, such as 931130`,
		`edge.wafExclusions[2] = "931130": listed twice`,
	}},
	{"azure rollout", []string{"cloud", "azure", "rollout", `{"strategy":"canary"}`, "azure", `{"frontDoor":"none","entraAdminName":"dba"}`}, []string{
		`azure.entraAdmin: required with azure.entraAdminName; allowed: the object id of dba`,
		`rollout.strategy = "canary": not with azure.frontDoor none; allowed: azure.frontDoor standard or premium, or rolling; did you mean rolling?`,
	}},
	{"gcp", []string{"cloud", "gcp", "app", `{"memory":"64Gi"}`, "edge", `{"waf":true}`, "tags", `{"Team":"x"}`, "gcp", `{"project":"P"}`}, []string{
		`app.cpu = 1 with app.memory 64Gi: gcp has no such combination; allowed: app.memory with app.cpu 1: 512Mi to 4Gi; did you mean app.cpu 8 with app.memory 32Gi?`,
		`edge.waf = true: needs gcp's load balancer, which needs a domain; allowed: set domain.name and domain.zone, or leave it out`,
		`gcp.project = "P": not a project id: 6 to 30 lower-case letters, digits and hyphens, first a letter`,
		`tags.Team = "x": not a tag that gcp takes; allowed: ` + rowOf(CloudGCP).tagHint,
	}},
	{"absolute paths", []string{"cloud", "aws", "app", `{"path":"/srv/app","dockerfile":"/srv/Dockerfile"}`}, []string{
		`app.dockerfile = "/srv/Dockerfile": absolute: a stack file holds on every machine; allowed: a path relative to app.path`,
		`app.path = "/srv/app": absolute: a stack file holds on every machine; allowed: a path relative to Pulumi.yaml's folder`,
	}},
	{"image", []string{"cloud", "aws", "app", `{"image":"my image","path":"x","dockerfile":"D","rebuild":"1"}`}, []string{
		`app.dockerfile = "D": app.image is ready-made, so nothing is built: give one or the other`,
		`app.image = "my image": not an image reference; allowed: NAME@sha256:DIGEST or NAME:TAG`,
		`app.path = "x": app.image is ready-made, so nothing is built: give one or the other`,
		`app.rebuild = "1": app.image is ready-made, so nothing is built: give one or the other`,
	}},
	{"environment", []string{"cloud", "docker", "app", `{"env":{"PORT":1,"A":"x","SLIPWAY_X":"x","CACHE_URL":"redis://"}}`, "cache", `{"enabled":false}`,
		"secrets!", `{"A":"x","DATABASE_URL":"x","EMPTY":""}`}, []string{
		`app.env.A: also under secrets; a variable has one value`,
		`app.env.PORT: Slipway itself sets this variable; allowed: another name`,
		`app.env.SLIPWAY_X: Slipway itself sets this variable; allowed: another name`,
		`secrets.DATABASE_URL: Slipway itself sets this variable; allowed: another name`,
		`secrets.EMPTY: empty; allowed: a text of at least one character`,
	}},
	{"empty values on aws", []string{"cloud", "aws", "app", `{"env":{"A":"","B":"x"}}`}, []string{
		`app.env.A: empty, and ECS leaves out variables without a value; allowed: a text of at least one character, or no such key on aws`,
	}},
	{"international domain", []string{"cloud", "aws", "domain", `{"name":"münze.example.com","zone":"Example.com"}`}, []string{
		`domain.name = "münze.example.com": not a lower-case host name such as links.example.com; did you mean xn--mnze-0ra.example.com?`,
		`domain.zone = "Example.com": not a lower-case host name such as links.example.com`,
	}},
	{"long domain", []string{"cloud", "azure", "domain", `{"name":"` + longHost + `","zone":"example.com"}`, "azure", `{"dnsResourceGroup":"g"}`}, []string{
		`domain.name = "` + longHost[:60] + `…": 65 characters, and a certificate of azure takes fewer; allowed: at most 64 characters`,
	}},
	{"database of the server", []string{"cloud", "gcp", "app", `{"name":"cloudsqladmin"}`}, []string{
		`app.name = "cloudsqladmin": the database is called after it, and cloudsqladmin is a name that PostgreSQL or gcp keeps for itself; allowed: another name; did you mean cloudsqladmin-app?`,
	}},
	{"database with a hyphen", []string{"cloud", "azure", "app", `{"name":"azure-sys"}`}, []string{
		`app.name = "azure-sys": the database is called after it, and azure_sys is a name that PostgreSQL or azure keeps for itself; allowed: another name; did you mean azure-sys-app?`,
	}},
	{"reserved word", []string{"cloud", "aws", "app", `{"name":"user"}`}, []string{
		`app.name = "user": the database is called after it, and user is a name that PostgreSQL or aws keeps for itself; allowed: another name; did you mean user-app?`,
	}},
	{"zone without name", []string{"cloud", "aws", "domain", `{"zone":"example.com"}`}, []string{`domain.name: required with domain.zone; allowed: a host name within example.com`}},
	{"name without zone", []string{"cloud", "aws", "domain", `{"name":"a.example.com"}`}, []string{`domain.zone: required with domain.name; allowed: the DNS zone that holds a.example.com; did you mean example.com?`}},
	{"name outside zone", []string{"cloud", "aws", "domain", `{"name":"a.example.org","zone":"example.com"}`}, []string{
		`domain.name = "a.example.org": not within domain.zone; allowed: example.com or a host name that ends in .example.com`}},
	{"steps with rolling", []string{"cloud", "aws", "rollout", `{"steps":[100],"bake":"1m","margin":{"latency":2},"gates":["uptime","uptime","cpu"]}`}, []string{
		`rollout.gates[2] = "cpu": not one of the allowed values; allowed: ` + list(namedSet("gates")),
	}},
	{"steps with rolling, no other problem", []string{"cloud", "aws", "rollout", `{"steps":[100],"bake":"1m","margin":{"latency":2},"gates":["uptime","uptime"]}`}, []string{
		`rollout.bake = "1m": means nothing with rollout.strategy rolling; allowed: only with blue-green, canary`,
		`rollout.gates[1] = "uptime": listed twice`,
		`rollout.margin = {"latency":2}: means nothing with rollout.strategy rolling; allowed: only with blue-green, canary`,
		`rollout.steps = [100]: means nothing with rollout.strategy rolling; allowed: only with blue-green, canary`,
	}},
	{"steps not increasing", []string{"cloud", "aws", "rollout", `{"strategy":"canary","steps":[50,50,100]}`}, []string{`rollout.steps = [50,50,100]: not strictly increasing; allowed: such as [5, 25, 50, 100]`}},
	{"steps not ending", []string{"cloud", "aws", "rollout", `{"strategy":"canary","steps":[5,50]}`}, []string{`rollout.steps = [5,50]: the last step must be 100; allowed: such as [5, 25, 50, 100]`}},
	{"no steps", []string{"cloud", "aws", "rollout", `{"strategy":"blue-green","steps":[]}`}, []string{`rollout.steps = []: the last step must be 100; allowed: such as [5, 25, 50, 100]`}},
	{"canary of everything", []string{"cloud", "aws", "rollout", `{"strategy":"canary","steps":[100]}`}, []string{
		`rollout.steps = [100]: a canary starts with a share of the traffic; allowed: such as [5, 25, 50, 100]; did you mean blue-green?`}},
	{"alerts", []string{"cloud", "aws", "alerts", `{"emails":["a@b.example","a@b.example"],"webhook":"http://hooks.example.com/T0K","thresholds":{"cpu":101,"error-rate":-1,"eror-rate":1}}`}, []string{
		`alerts.emails[1] = "a@b.example": listed twice`,
		`alerts.thresholds.eror-rate = 1: unknown id; allowed: ` + list(namedSet("signals")) + `; did you mean error-rate?`,
		`alerts.webhook = [secret]: not a webhook; allowed: an https:// address`,
	}},
	{"thresholds", []string{"cloud", "aws", "alerts", `{"thresholds":{"cpu":101,"error-rate":-1}}`}, []string{
		`alerts.thresholds.cpu = 101: more than everything; allowed: 0 to 100, in %`,
		`alerts.thresholds.error-rate = -1: less than nothing; allowed: 0 or more, in %`,
	}},
	{"allow without reason", []string{"cloud", "aws", "allow", `{"domain":"why not"}`}, []string{`allow.domain = "why not": a guardrail may be broken only with a reason; allowed: 10 characters or more`}},
	{"plain secrets", []string{"cloud", "aws", "secrets", `{"TOKEN":"t0p","A":"b"}`}, []string{
		`secrets.A = [secret]: stored in plain text; encrypt it: pulumi config set --secret --path 'slipway:secrets.A'`,
		`secrets.TOKEN = [secret]: stored in plain text; encrypt it: pulumi config set --secret --path 'slipway:secrets.TOKEN'`,
	}},
	{"secrets elsewhere", []string{"cloud", "aws", "app!", `{"env":{"A":"t0p"},"port":"t0p"}`, "api.key!", "t0p", "apikey!", "t0p", "alerts!", `{"emails":["t0p"]}`, "secrets!", "t0p"}, []string{
		`alerts.emails[0] = [secret]: not an e-mail address such as oncall@example.com`,
		`api.key = [secret]: unknown key; allowed: ` + topKeys,
		`apikey = [secret]: unknown key; allowed: ` + topKeys,
		`app = [secret]: holds an encrypted value that would end up in plain text; only secrets.NAME and alerts.webhook may be encrypted`,
		`app.port = [secret]: not a whole number; allowed: 1024 to 65535`,
		`secrets = [secret]: wrong type; allowed: an object`,
	}},
}

// TestProblems asserts the whole error, so that a problem more is a failure too.
func TestProblems(t *testing.T) {
	for _, row := range problemRows {
		t.Run(row.name, func(t *testing.T) {
			_, err := Load(input(row.kv...))
			if err == nil {
				t.Fatal("no error")
			}
			want := fmt.Sprintf("stack \"test\": the configuration has %d problems:", len(row.want))
			if len(row.want) == 1 {
				want = `stack "test": the configuration has 1 problem:`
			}
			for _, line := range row.want {
				want += "\n  - slipway:" + line
			}
			if err.Error() != want {
				t.Errorf("got\n%s\nwant\n%s", err, want)
			}
			if strings.Contains(err.Error(), "t0p") || strings.Contains(err.Error(), "T0K") {
				t.Error("a secret is in the error")
			}
		})
	}
}

// TestNoSecretAtAnyKey puts an encrypted value at every key, in every wrong type.
func TestNoSecretAtAnyKey(t *testing.T) {
	const secret = "zQ7-zQ7-zQ7"
	walk(configType, "", func(path string, _ field) {
		keys := strings.Split(path, ".")
		for _, v := range []any{secret, []any{secret, []any{secret}}, map[string]any{"K": secret, "k-k": []any{secret}}} {
			tree := map[string]any{"cloud": "aws"}
			plant(tree, keys, v)
			text, isText := tree[keys[0]].(string)
			if !isText {
				asJSON, err := json.Marshal(tree[keys[0]])
				if err != nil {
					t.Fatal(err)
				}
				text = string(asJSON)
			}
			if _, err := Load(input("cloud", "aws", keys[0]+"!", text)); err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s shows a secret: %v", path, err)
			}
		}
	})
}

// TestDocumentedError keeps the example of docs/configuration.md true.
// longHost has 65 characters, one more than a certificate's common name.
var longHost = strings.Repeat("a", 40) + "." + strings.Repeat("b", 12) + ".example.com"

// TestNamesThatAreTaken: what another cloud keeps for itself, and what no database is called after, is free.
func TestNamesThatAreTaken(t *testing.T) {
	for _, free := range [][]string{
		{"cloud", "gcp", "domain", `{"name":"` + longHost + `","zone":"example.com"}`},
		{"cloud", "aws", "app", `{"name":"cloudsqladmin"}`},
		{"cloud", "gcp", "app", `{"name":"user"}`},
		{"cloud", "aws", "app", `{"name":"user"}`, "database", `{"enabled":false}`},
	} {
		if _, err := Load(input(free...)); err != nil {
			t.Error(err)
		}
	}
}

func TestDocumentedError(t *testing.T) {
	in := input("cloud", "aws", "app", `{"cpu":0.25,"memory":"8Gi","prot":3000}`, "secrets", `{"TOKEN":"x"}`)
	in.Stack = "dev"
	_, err := Load(in)
	docs, readErr := os.ReadFile("../docs/configuration.md")
	if err == nil || readErr != nil || !strings.Contains(string(docs), err.Error()) {
		t.Errorf("docs/configuration.md lacks: %v (%v)", err, readErr)
	}
}

func TestErrorIsTheSameEveryTime(t *testing.T) {
	in := input("cloud", "asw", "app", `{"a":1,"b":2,"c":3,"env":{"1":"x","2":"x","3":"x"}}`, "x", "1", "y", "2", "tags", `{"a":{},"b":{}}`)
	_, first := Load(in)
	for range 50 {
		if _, err := Load(in); err.Error() != first.Error() {
			t.Fatalf("%v\n%v", first, err)
		}
	}
}

func TestLongValuesAreClipped(t *testing.T) {
	_, err := Load(input("cloud", strings.Repeat("é", 500)))
	if err == nil || len(err.Error()) > 400 || !strings.Contains(err.Error(), "é…") {
		t.Error(err)
	}
}

// FuzzLoad: Load never panics, gives the same answer twice, and never shows an
// encrypted value.
func FuzzLoad(f *testing.F) {
	for _, seed := range []struct{ key, value string }{
		{"app", `{"port":"x","env":{"A":1}}`}, {"secrets", `{"A":"b"}`}, {"alerts", `{"webhook":"::"}`}, {"rollout", `{"steps":[1e400]}`},
		{"cloud", "aws"}, {"database", `{"storage":"99999999999999999999Ti"}`}, {"tags", `{"":null}`}, {"docker", `{"httpPort":1e3}`}, {"x.y", "["},
	} {
		f.Add("aws", seed.key, seed.value)
		f.Add("docker", seed.key, seed.value)
	}
	const secret = "zQ7-zQ7-zQ7"
	f.Fuzz(func(t *testing.T, cloud, key, value string) {
		withSecret, err := json.Marshal(map[string]any{"x": []any{secret, map[string]string{"y": secret}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range []Input{
			input("cloud", cloud, key, value),
			input("cloud", cloud, key+"!", secret+value),
			input("cloud", cloud, key+"!", string(withSecret)),
			input("cloud", cloud, key, value, "alerts!", `{"webhook":"`+secret+`","emails":["`+secret+`"],"`+"thresholds"+`":"`+secret+`"}`),
			input("cloud", cloud, key, value, "secrets!", `{"A":["`+secret+`"],"PORT":"`+secret+`"}`),
			input("cloud", cloud, key, value, "secrets", `{"A":"`+secret+`"}`, "app!", `{"port":"`+secret+`","env":{"A":"`+secret+`"},"image":"`+secret+` "}`),
		} {
			c, err := Load(in)
			_, again := Load(in)
			if (err == nil) != (again == nil) || err != nil && err.Error() != again.Error() {
				t.Errorf("not the same twice: %v, %v", err, again)
			}
			if err == nil {
				Guardrails(c)
				continue
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("a secret is in the error: %v", err)
			}
		}
	})
}
