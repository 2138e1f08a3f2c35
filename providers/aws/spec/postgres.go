package spec

import (
	"slices"
	"time"
)

// PostgresDate is when the tables of this file were last compared with AWS's pages.
const PostgresDate = "2026-12-01"

// PostgresVersion is a major version of PostgreSQL on RDS.
type PostgresVersion struct {
	// Version is the major version's number.
	Version string
	// StandardUntil is the last day of standard support. After it RDS upgrades an instance by itself, or charges for Extended
	// Support, and it makes no new one without that.
	StandardUntil time.Time
}

// postgresVersions are those that the driver offers. 18 is on RDS, but neither on Azure's API version nor on the local stack, and
// one version means the same on all targets.
// https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html
var postgresVersions = []PostgresVersion{
	{"14", day(2027, time.February, 28)},
	{"15", day(2028, time.February, 29)},
	{"16", day(2029, time.February, 28)},
	{"17", day(2030, time.February, 28)},
}

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

// PostgresVersionOf finds a major version, or is false.
func PostgresVersionOf(version string) (PostgresVersion, bool) {
	i := slices.IndexFunc(postgresVersions, func(v PostgresVersion) bool { return v.Version == version })
	if i < 0 {
		return PostgresVersion{}, false
	}
	return postgresVersions[i], true
}

// PostgresVersions are the major versions' numbers, ascending.
func PostgresVersions() (all []string) {
	for _, v := range postgresVersions {
		all = append(all, v.Version)
	}
	return all
}

// StorageLimit is where the disk of an RDS instance ends, in GiB.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage
const StorageLimit = 65536

// Striped is from where on, in GiB, RDS lays a gp3 disk of PostgreSQL over four volumes. It refuses fewer IOPS than those four have.
const Striped = 400

// DiskPerformance is what a gp3 disk of so many GiB has at no extra cost: IOPS, and MiB a second. From Striped on these are also the
// least that RDS takes, and a provider that sends those of a smaller disk again is refused.
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage
//   - https://github.com/hashicorp/terraform-provider-aws/issues/28382
func DiskPerformance(gib int) (iops, throughput int) {
	if gib < Striped {
		return 3000, 125
	}
	return 12000, 500
}
