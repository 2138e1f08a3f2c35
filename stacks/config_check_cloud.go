package stacks

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	azure "github.com/slipway-iac/slipway/providers/azure/spec"
)

// cloudRow is what a cloud's names, machines and stores allow.
type cloudRow struct {
	cloud         Cloud
	region        *regexp.Regexp
	regionLike    string
	tagKey        *regexp.Regexp
	tagValue      *regexp.Regexp
	tagHint       string
	storage       []Quantity // allowed sizes; empty for any
	minBackupDays int
	logDays       []int // allowed retentions; empty for any from minLogDays to maxLogDays
	minLogDays    int
	maxLogDays    int
}

// cloudRows come from these pages:
//
//   - aws: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html and
//     https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
//   - azure: https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources,
//     https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-storage and
//     https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure
//   - gcp: https://cloud.google.com/resource-manager/docs/labels-overview and
//     https://cloud.google.com/logging/docs/buckets#custom-retention
var cloudRows = []cloudRow{
	{cloud: CloudDocker, tagKey: regexp.MustCompile(`^.{1,128}$`), tagValue: regexp.MustCompile(`^.{0,256}$`),
		tagHint: "keys of 1 to 128 and values of at most 256 characters"},
	{cloud: CloudAWS, region: regexp.MustCompile(`^[a-z]{2}(-[a-z]+)?-(north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-9]$`),
		regionLike: "us-east-1", tagKey: regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$`), tagValue: regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$`),
		tagHint: "letters, digits, blanks and _.:/=+-@ in keys of 1 to 128 and values of at most 256 characters; no key may start with aws:",
		logDays: []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}},
	{cloud: CloudAzure, region: regexp.MustCompile(`^[a-z]{4,}[1-9]?$`), regionLike: azure.Default,
		tagKey: regexp.MustCompile(`^[^<>%&\\?/]{1,512}$`), tagValue: regexp.MustCompile(`^.{0,256}$`),
		tagHint: `keys of 1 to 512 characters without <>%&\?/ and values of at most 256`,
		storage: []Quantity{32 * Gi, 64 * Gi, 128 * Gi, 256 * Gi, 512 * Gi, 1 * Ti, 2 * Ti, 4 * Ti, 8 * Ti, 16 * Ti}, minBackupDays: 7, minLogDays: 30, maxLogDays: 730},
	{cloud: CloudGCP, region: regexp.MustCompile(`^[a-z]+-[a-z]+[1-9][0-9]?$`), regionLike: "us-central1",
		tagKey: regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`), tagValue: regexp.MustCompile(`^[a-z0-9_-]{0,63}$`),
		tagHint:    "lower-case letters, digits, _ and - in keys of 1 to 63 (first a letter) and values of at most 63 characters",
		minLogDays: 1, maxLogDays: 3650},
}

func rowOf(c Cloud) cloudRow {
	i := slices.IndexFunc(cloudRows, func(r cloudRow) bool { return r.cloud == c })
	if i < 0 {
		return cloudRow{}
	}
	return cloudRows[i]
}

func checkRegion(d *decoder, c Config) { d.region("region", c.Region, c.Cloud) }

func (d *decoder) region(path, region string, cloud Cloud) {
	row := rowOf(cloud)
	if row.region == nil || row.region.MatchString(region) {
		return
	}
	text := fmt.Sprintf("not a region of %s", cloud)
	for _, other := range cloudRows {
		if other.region != nil && other.region.MatchString(region) {
			text += fmt.Sprintf(", but it looks like one of %s", other.cloud)
		}
	}
	d.bad(path, region, text, "a name such as "+row.regionLike, "")
}

func checkBackupRegion(d *decoder, c Config) {
	if c.AWS.BackupRegion == "" {
		return
	}
	if c.AWS.BackupRegion == c.Region {
		d.bad("aws.backupRegion", c.AWS.BackupRegion, "a copy in the same region doesn't survive the loss of that region", "another region than region", "")
		return
	}
	d.region("aws.backupRegion", c.AWS.BackupRegion, CloudAWS)
}

// checkPermissionsBoundary wants a boundary of the account that is deployed to, or one of AWS's own: a role takes no other.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
func checkPermissionsBoundary(d *decoder, c Config) {
	if c.AWS.PermissionsBoundary == "" || c.AWS.AccountID == "" {
		return
	}
	if owner := strings.Split(c.AWS.PermissionsBoundary, ":")[4]; owner != "aws" && owner != c.AWS.AccountID {
		d.bad("aws.permissionsBoundary", c.AWS.PermissionsBoundary, "a policy of another account than aws.accountId", "a policy of account "+c.AWS.AccountID+", or of AWS", "")
	}
}

func checkTags(d *decoder, c Config) {
	row := rowOf(c.Cloud)
	for _, key := range slices.Sorted(maps.Keys(c.Tags)) {
		reserved := c.Cloud == CloudAWS && strings.HasPrefix(strings.ToLower(key), "aws:")
		if reserved || !row.tagKey.MatchString(key) || !row.tagValue.MatchString(c.Tags[key]) {
			d.bad(join("tags", key), c.Tags[key], "not a tag that "+string(c.Cloud)+" takes", row.tagHint, "")
		}
	}
}

func checkDatabase(d *decoder, c Config) {
	row, db := rowOf(c.Cloud), c.Database
	if !db.Enabled {
		return
	}
	if len(row.storage) > 0 && !slices.Contains(row.storage, db.Storage) {
		var sizes []string
		near := row.storage[len(row.storage)-1]
		for _, s := range slices.Backward(row.storage) {
			sizes = append(sizes, s.String())
			if s >= db.Storage {
				near = s
			}
		}
		slices.Reverse(sizes)
		d.bad("database.storage", db.Storage, "not a size that "+string(c.Cloud)+" offers", list(sizes), near.String())
	}
	if db.BackupDays < row.minBackupDays {
		d.bad("database.backupDays", db.BackupDays, "fewer than "+string(c.Cloud)+" allows", fmt.Sprintf("%d to 35", row.minBackupDays), "")
	}
	d.size("database.size", db.Size, c.Cloud)
}

// azureVersion is the last major version of PostgreSQL that the API version of the driver knows.
// https://learn.microsoft.com/azure/templates/microsoft.dbforpostgresql/2024-08-01/flexibleservers
const azureVersion = 16

// checkAzureDatabase refuses what Flexible Server does not have: later versions, and a standby of the burstable machines that the sizes
// of tier dev are. Of an administrator in Entra ID the name must be given too.
func checkAzureDatabase(d *decoder, c Config) {
	db := c.Database
	if c.Cloud != CloudAzure || !db.Enabled {
		return
	}
	if db.Version > azureVersion {
		d.bad("database.version", db.Version, "not a version that azure offers", fmt.Sprintf("14 to %d", azureVersion), fmt.Sprint(azureVersion))
	}
	if db.HA && (strings.HasPrefix(db.Size, "Standard_B") || c.Tier == TierDev && !strings.Contains(db.Size, "_")) {
		d.bad("database.ha", db.HA, "not with database.size "+db.Size+": burstable machines have no standby", "database.size such as Standard_D2ds_v5", "")
	}
	if c.Azure.EntraAdmin != "" && c.Azure.EntraAdminName == "" {
		d.bad("azure.entraAdminName", nil, "required with azure.entraAdmin", "the name of "+c.Azure.EntraAdmin+" in Entra", "")
	}
	if c.Azure.EntraAdmin == "" && c.Azure.EntraAdminName != "" {
		d.bad("azure.entraAdmin", nil, "required with azure.entraAdminName", "the object id of "+c.Azure.EntraAdminName, "")
	}
}

// checkAzureRollout refuses two versions side by side where nothing can tell a request for the new one from any other.
func checkAzureRollout(d *decoder, c Config) {
	if c.Cloud == CloudAzure && c.Rollout.Strategy != StrategyRolling && c.Azure.FrontDoor == "none" {
		d.bad("rollout.strategy", string(c.Rollout.Strategy), "not with azure.frontDoor none", "azure.frontDoor standard or premium, or rolling", string(StrategyRolling))
	}
}

func checkCache(d *decoder, c Config) {
	if c.Cache.Enabled {
		d.size("cache.size", c.Cache.Size, c.Cloud)
	}
}

// size refuses machine types where there are none.
func (d *decoder) size(path, size string, cloud Cloud) {
	classes := []string{"small", "medium", "large"}
	if cloud == CloudDocker && !slices.Contains(classes, size) {
		d.bad(path, size, "the Docker Engine has no machine types", list(classes), "")
	}
}

func checkLogs(d *decoder, c Config) {
	row, days := rowOf(c.Cloud), c.Logs.RetentionDays
	switch {
	case len(row.logDays) > 0 && !slices.Contains(row.logDays, days):
		near, texts := row.logDays[len(row.logDays)-1], []string{}
		for _, n := range slices.Backward(row.logDays) {
			texts = append(texts, fmt.Sprint(n))
			if n >= days {
				near = n
			}
		}
		slices.Reverse(texts)
		d.bad("logs.retentionDays", days, "not a retention that "+string(c.Cloud)+" offers", list(texts), fmt.Sprint(near))
	case row.maxLogDays > 0 && (days < row.minLogDays || days > row.maxLogDays):
		d.bad("logs.retentionDays", days, "not a retention that "+string(c.Cloud)+" offers", fmt.Sprintf("%d to %d", row.minLogDays, row.maxLogDays), "")
	}
}
