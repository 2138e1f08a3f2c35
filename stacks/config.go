// Package stacks holds Slipway's typed configuration, its guardrails and the
// composition of a whole stack. It imports no cloud SDK: every cloud's program
// is one line of wiring in stacks/<cloud>.
package stacks

import "time"

// Cloud names the target that a stack is deployed to.
type Cloud string

// The targets that Slipway deploys to.
const (
	CloudDocker Cloud = "docker"
	CloudAWS    Cloud = "aws"
	CloudAzure  Cloud = "azure"
	CloudGCP    Cloud = "gcp"
)

// Tier sets the defaults of a stack and which guardrails bind it.
type Tier string

// The tiers: dev is small and cheap, prod is redundant and guarded.
const (
	TierDev  Tier = "dev"
	TierProd Tier = "prod"
)

// Strategy is how a new version of the app takes over from the old one.
type Strategy string

// The rollout strategies.
const (
	StrategyRolling   Strategy = "rolling"
	StrategyBlueGreen Strategy = "blue-green"
	StrategyCanary    Strategy = "canary"
)

// Config is a stack's whole configuration, checked and with every default
// filled in. Load makes it; docs/configuration.md lists each key with its
// unit and default. The json tag is the key's name; desc, enum, min, max,
// pattern, hint and clouds feed the decoder, the JSON schema and the docs.
type Config struct {
	// Project and Stack name the Pulumi project and stack; Project is also the
	// namespace that the keys were read from. They aren't configuration keys.
	Project string `json:"-"`
	Stack   string `json:"-"`
	// Simulated says that nothing outside answers: what a program fetches by
	// itself must be made up. It isn't a configuration key either.
	Simulated bool `json:"-"`
	// Opening says that the stack serves by the platform's own host name, and
	// gets a domain with this update. No key either: the last update tells.
	Opening bool `json:"-"`

	Cloud    Cloud             `json:"cloud" desc:"Target of the stack." enum:"docker,aws,azure,gcp" required:"true"`
	Tier     Tier              `json:"tier" desc:"Sets every default and which guardrails bind." enum:"dev,prod"`
	Region   string            `json:"region" desc:"Region of the cloud." clouds:"aws,azure,gcp"`
	Tags     map[string]string `json:"tags" desc:"Tags (labels on gcp) put on every resource that takes them." clouds:"aws,azure,gcp"`
	App      App               `json:"app" desc:"The app: where its source is and how it runs."`
	Domain   Domain            `json:"domain" desc:"Custom domain; without one the platform's own HTTPS host name is used."`
	Database Database          `json:"database" desc:"Managed PostgreSQL."`
	Cache    Cache             `json:"cache" desc:"Managed Redis-compatible cache."`
	Secrets  map[string]Secret `json:"secrets" desc:"Extra secrets that the app gets as environment variables; encrypted values only." keys:"env"`
	Rollout  Rollout           `json:"rollout" desc:"How a new version takes over."`
	Alerts   Alerts            `json:"alerts" desc:"Who is told, and at which thresholds."`
	Edge     Edge              `json:"edge" desc:"Rate limit, web application firewall and CDN in front of the app."`
	Logs     Logs              `json:"logs" desc:"Log storage."`
	Traces   Traces            `json:"traces" desc:"Distributed traces (OpenTelemetry)."`
	Allow    map[string]string `json:"allow" desc:"Guardrail id to the reason (10 characters or more) why this stack may break it." keys:"guardrails"`
	Docker   Docker            `json:"docker" desc:"Settings of the local Docker target." clouds:"docker"`
	AWS      AWS               `json:"aws" desc:"Settings that only AWS has." clouds:"aws"`
	Azure    Azure             `json:"azure" desc:"Settings that only Azure has." clouds:"azure"`
	GCP      GCP               `json:"gcp" desc:"Settings that only GCP has." clouds:"gcp"`
}

// App says where the app's source is and how its containers run.
type App struct {
	Name         string            `json:"name" desc:"Name of the app; part of every resource name." pattern:"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$" hint:"lower-case letters, digits and hyphens, first a letter, last no hyphen, at most 40 characters"`
	Path         string            `json:"path" desc:"Folder of the app's source, relative to Pulumi.yaml: the build context. It can't be Pulumi.yaml's own folder, which holds the state."`
	Dockerfile   string            `json:"dockerfile" desc:"Dockerfile, relative to app.path."`
	Rebuild      string            `json:"rebuild" desc:"Any text, such as a date: another one builds the same source again, as a new version, from what the tags in its FROM lines name by then. While it is set each build asks the registries; empty for never."`
	Image        string            `json:"image" desc:"Ready-made image to run instead of building app.path; by digest (NAME@sha256:…) in prod."`
	Architecture string            `json:"architecture" desc:"CPU architecture the image is built for and runs on; native is the Docker Engine's own." enum:"native,amd64,arm64"`
	Port         int               `json:"port" desc:"Port the app listens on inside the container, handed to it as PORT." min:"1024" max:"65535"`
	CPU          float64           `json:"cpu" desc:"CPU of one replica, in cores." min:"0.05" max:"64"`
	Memory       Quantity          `json:"memory" desc:"Memory of one replica." min:"32Mi" max:"512Gi"`
	Replicas     Replicas          `json:"replicas" desc:"How many replicas run."`
	Scale        Scale             `json:"scale" desc:"What a replica may be loaded with before another one is added."`
	Env          map[string]string `json:"env" desc:"Extra environment variables, in plain text; secrets belong under secrets." keys:"env"`
	HealthPath   string            `json:"healthPath" desc:"Liveness path. On docker only up asks it; the image's own HEALTHCHECK counts there." format:"path"`
	ReadyPath    string            `json:"readyPath" desc:"Readiness path; what load balancers ask." format:"path"`
	Migrate      []string          `json:"migrate" desc:"Arguments that make the app's image run its database migrations; empty for none."`
	Drain        time.Duration     `json:"drain" desc:"Time between SIGTERM and SIGKILL when a replica is stopped." min:"1s" max:"120s" clouds:"docker,aws,azure"`
}

// Replicas bounds the number of running replicas.
type Replicas struct {
	Min int `json:"min" desc:"Fewest replicas." min:"1" max:"100"`
	Max int `json:"max" desc:"Most replicas; more than app.replicas.min turns autoscaling on." min:"1" max:"100"`
}

// Scale holds the targets that autoscaling keeps a replica at.
type Scale struct {
	CPU               int `json:"cpu" desc:"Target CPU use, in percent." min:"10" max:"95" clouds:"aws,azure"`
	Memory            int `json:"memory" desc:"Target memory use, in percent." min:"10" max:"95" clouds:"aws,azure"`
	RequestsPerMinute int `json:"requestsPerMinute" desc:"Target requests per minute and replica; 0 for no such target." min:"0" max:"1000000" clouds:"aws"`
	Concurrency       int `json:"concurrency" desc:"Requests that one replica serves at the same time." min:"1" max:"1000" clouds:"azure,gcp"`
}

// Domain is the app's public host name and the DNS zone it lives in.
type Domain struct {
	Name string `json:"name" desc:"Host name of the app, such as links.example.com." format:"hostname"`
	Zone string `json:"zone" desc:"Existing public DNS zone that holds domain.name; records and certificate proofs are written there." format:"hostname" clouds:"aws,azure,gcp"`
}

// Database describes the managed PostgreSQL.
type Database struct {
	Enabled            bool     `json:"enabled" desc:"Whether the app gets a database."`
	Version            int      `json:"version" desc:"Major version of PostgreSQL." enum:"14,15,16,17"`
	Size               string   `json:"size" desc:"small, medium, large, or a machine type in the cloud's own terms." pattern:"^(small|medium|large|[A-Za-z]+[._-][A-Za-z0-9._-]+)$" hint:"small, medium, large, or a machine type in the cloud's own terms"`
	Storage            Quantity `json:"storage" desc:"Initial storage." min:"20Gi" max:"16Ti" clouds:"aws,azure,gcp"`
	HA                 bool     `json:"ha" desc:"Standby in another zone with automatic failover." clouds:"aws,azure,gcp"`
	BackupDays         int      `json:"backupDays" desc:"Days that backups and point-in-time recovery reach back." min:"0" max:"35" clouds:"aws,azure,gcp"`
	DeletionProtection bool     `json:"deletionProtection" desc:"Refuse to delete the database until this is turned off." clouds:"aws,azure,gcp"`
}

// Cache describes the managed Redis-compatible cache.
type Cache struct {
	Enabled bool   `json:"enabled" desc:"Whether the app gets a cache."`
	Size    string `json:"size" desc:"small, medium, large, or a node type in the cloud's own terms." pattern:"^(small|medium|large|[A-Za-z]+[._-][A-Za-z0-9._-]+)$" hint:"small, medium, large, or a node type in the cloud's own terms"`
	HA      bool   `json:"ha" desc:"Replica in another zone with automatic failover." clouds:"aws,azure,gcp"`
}

// Rollout says how a new version takes over.
type Rollout struct {
	Strategy    Strategy      `json:"strategy" desc:"How a new version takes over." enum:"rolling,blue-green,canary"`
	Steps       []int         `json:"steps" desc:"Traffic shares of the new version in percent, strictly increasing, the last one 100." min:"1" max:"100"`
	Bake        time.Duration `json:"bake" desc:"Time that the gates are watched at each step." min:"5s" max:"24h"`
	Keep        time.Duration `json:"keep" desc:"Time that the old version stays after the last step; an abort within it is instant." min:"0s" max:"168h"`
	Gates       []string      `json:"gates" desc:"Signals whose breach rolls back." enum:"@gates"`
	SmokePath   string        `json:"smokePath" desc:"Path that is requested from the new version before it takes traffic." format:"path"`
	MinRequests int           `json:"minRequests" desc:"Requests the new version must have served at a step before it is judged." min:"0" max:"1000000"`
	WhenQuiet   string        `json:"whenQuiet" desc:"What to do while there are fewer: wait for them, or send synthetic requests." enum:"wait,synthetic"`
	Margin      Margin        `json:"margin" desc:"How much worse than the live version the new one may be."`
}

// Margin is how much worse than the live slot a candidate may be before that
// counts as a breach, even below the absolute thresholds.
type Margin struct {
	ErrorRate float64 `json:"errorRate" desc:"Allowed difference of the error rates, in percentage points." min:"0" max:"100"`
	Latency   float64 `json:"latency" desc:"Allowed ratio of the p99 latencies; 1.5 is half as slow again." min:"1" max:"100"`
}

// Alerts says who is told about breaches and overrides the thresholds.
type Alerts struct {
	Emails     []string           `json:"emails" desc:"E-mail addresses that alerts go to." format:"email"`
	Webhook    Secret             `json:"webhook" desc:"HTTPS address that alerts are posted to; encrypt it when it holds a token."`
	Thresholds map[string]float64 `json:"thresholds" desc:"Signal id to the value above (or, where the table says so, below) which it alerts." keys:"signals"`
}

// Edge configures what stands in front of the app.
type Edge struct {
	RateLimit int      `json:"rateLimit" desc:"Requests per minute that one client address may send, more get 429; 0 for no limit." min:"0" max:"1000000"`
	WAF       bool     `json:"waf" desc:"Web application firewall with the cloud's managed rules." clouds:"aws,azure,gcp"`
	CDN       []string `json:"cdn" desc:"Path prefixes that a CDN caches, such as /static/; empty for no CDN." format:"path" clouds:"aws,azure,gcp"`

	WAFMode       string   `json:"wafMode" desc:"What the firewall does with a request that its managed rules match: refuse it, or only log it." enum:"block,detect" clouds:"aws,azure,gcp"`
	WAFExclusions []string `json:"wafExclusions" desc:"Managed rules that refuse nothing, as the cloud names them: GenericRFI_BODY on aws, 931130 on azure, owasp-crs-v030301-id931130-rfi on gcp." pattern:"^[A-Za-z0-9_.-]{1,128}$" hint:"the name of a rule: letters, digits, _, . and -" clouds:"aws,azure,gcp"`
	HSTS          HSTS     `json:"hsts" desc:"Strict-Transport-Security, for answers in which the app does not set it itself."`
	BodyLimit     Quantity `json:"bodyLimit" desc:"Largest request body, more gets 413 (403 where a firewall refuses it); 0 for no limit of Slipway's own." min:"0Ki" max:"5Ti"`
}

// HSTS is the header that keeps browsers from asking a host over plain HTTP.
// https://www.rfc-editor.org/rfc/rfc6797
type HSTS struct {
	MaxAge            time.Duration `json:"maxAge" desc:"How long a browser remembers it; 0s sends no header." min:"0s" max:"17520h"`
	IncludeSubdomains bool          `json:"includeSubdomains" desc:"Whether it holds for every host below the domain too, those of others included."`
}

// Logs configures log storage.
type Logs struct {
	RetentionDays int `json:"retentionDays" desc:"Days that logs are kept." min:"1" max:"3653" clouds:"aws,azure,gcp"`
}

// Traces configures distributed tracing.
type Traces struct {
	SampleRatio float64 `json:"sampleRatio" desc:"Share of requests that are traced, 0 to 1." min:"0" max:"1"`
}

// Docker holds what only the local target has.
type Docker struct {
	HTTPSPort     int `json:"httpsPort" desc:"Loopback port that serves the app over HTTPS." min:"1" max:"65535"`
	HTTPPort      int `json:"httpPort" desc:"Loopback port that only redirects to HTTPS." min:"1" max:"65535"`
	DashboardPort int `json:"dashboardPort" desc:"Loopback port of the dashboard." min:"1" max:"65535"`

	ReadyTimeout time.Duration `json:"readyTimeout" desc:"Time that a new version's replicas may take to become ready." min:"5s" max:"15m"`
}

// AWS holds what only AWS has.
type AWS struct {
	AccountID    string `json:"accountId" desc:"Account to deploy to; any other one is refused." pattern:"^[0-9]{12}$" hint:"12 digits"`
	Egress       string `json:"egress" desc:"How tasks reach out: public addresses, one NAT, a NAT per zone, or interface endpoints only." enum:"public,nat,nat-per-zone,endpoints"`
	Spot         bool   `json:"spot" desc:"Run tasks on Fargate Spot, which AWS may interrupt."`
	BackupRegion string `json:"backupRegion" desc:"Region that AWS Backup copies the backups to; empty for no copy."`
	// PermissionsBoundary is an ARN. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
	PermissionsBoundary string `json:"permissionsBoundary" desc:"ARN of the policy that bounds each role the stack makes; empty for none." pattern:"^arn:aws(-cn|-us-gov)?:iam::(aws|[0-9]{12}):policy/([!-~]{1,510}/)?[A-Za-z0-9_+=,.@-]{1,128}$" hint:"the ARN of a managed policy, such as arn:aws:iam::111122223333:policy/boundary"`
}

// Azure holds what only Azure has.
type Azure struct {
	SubscriptionID   string `json:"subscriptionId" desc:"Subscription to deploy to; default: the signed-in one." format:"uuid"`
	DNSResourceGroup string `json:"dnsResourceGroup" desc:"Resource group of the DNS zone domain.zone." pattern:"^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]$" hint:"a resource group's name: letters, digits, _ ( ) - and ., at most 90 characters, no final dot"`
	FrontDoor        string `json:"frontDoor" desc:"Front Door tier; premium has managed WAF rules and private link." enum:"none,standard,premium"`
	GeoBackup        bool   `json:"geoBackup" desc:"Copy the database's backups to the paired region."`
	EntraAdmin       string `json:"entraAdmin" desc:"Object id of the Entra principal that administers the database; empty for none." format:"uuid"`
	EntraAdminName   string `json:"entraAdminName" desc:"Name of azure.entraAdmin in Entra: the user principal name, or that of the group or application."`
	EntraAdminType   string `json:"entraAdminType" desc:"What azure.entraAdmin is." enum:"User,Group,ServicePrincipal"`
}

// GCP holds what only GCP has.
type GCP struct {
	Project     string `json:"project" desc:"Project to deploy to; default: the signed-in one." pattern:"^[a-z][a-z0-9-]{4,28}[a-z0-9]$" hint:"a project id: 6 to 30 lower-case letters, digits and hyphens, first a letter"`
	ManagedZone string `json:"managedZone" desc:"Resource name of the Cloud DNS zone domain.zone; default: found by its DNS name." pattern:"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$" hint:"a managed zone's name: lower-case letters, digits and hyphens, first a letter"`
	DNSProject  string `json:"dnsProject" desc:"Project of the Cloud DNS zone domain.zone; default: gcp.project." pattern:"^[a-z][a-z0-9-]{4,28}[a-z0-9]$" hint:"a project id: 6 to 30 lower-case letters, digits and hyphens, first a letter"`
	CMEK        bool   `json:"cmek" desc:"Encrypt registry, database, cache, secrets and logs with a key of the stack's own."`
}
