package spec

import (
	"regexp"
	"strconv"
)

// MachinesDate is when sizes and limits of machines were read.
const MachinesDate = "2026-12-01"

// The limits of disks, backups, caches and requests.
const (
	// SmallestDisk is that of a database, in GiB: https://cloud.google.com/sql/docs/quotas#storage_limits
	SmallestDisk = 10
	// LargestDisk is that of a database, in GiB; Google's own upper limit.
	LargestDisk = 65536
	// LongestBackup is how many days of backups Cloud SQL keeps: https://cloud.google.com/sql/docs/postgres/backup-recovery/backups#retention
	LongestBackup = 365
	// LargestCache is that of Memorystore for Redis, in GiB: https://cloud.google.com/memorystore/docs/redis/quotas
	LargestCache = 300
	// LargestBody is what Cloud Run takes of a request over HTTP/1, in bytes: https://cloud.google.com/run/quotas#request_limits
	LargestBody = 32 << 20
)

// PostgresVersions are the major versions of PostgreSQL that Cloud SQL offers in the edition Enterprise and every other cloud has.
// https://cloud.google.com/sql/docs/postgres/db-versions
var PostgresVersions = []string{"14", "15", "16", "17"}

// TierRule says what a tier of Cloud SQL Enterprise is, for people.
const TierRule = "db-f1-micro, db-g1-small, or a tier such as db-custom-2-7680: 1 core or an even number up to 96, with 922 to 6656 MB of memory for each core, 3840 at least, in steps of 256"

// CacheRule says what a capacity is, for people.
const CacheRule = "a capacity in GiB from memory-1 to memory-300"

var (
	customTier = regexp.MustCompile(`^db-custom-([0-9]+)-([0-9]+)$`)
	capacity   = regexp.MustCompile(`^memory-([1-9][0-9]{0,2})$`)
	shared     = map[string]int{"db-f1-micro": 50, "db-g1-small": 100}
)

// MaxConnections is how many connections an instance of a tier takes: about 50 for each GiB of memory, at most 5000. It is 0 for what is no
// tier of Cloud SQL Enterprise.
//   - https://cloud.google.com/sql/docs/postgres/flags#postgres-m
//   - https://cloud.google.com/sql/docs/postgres/instance-settings#machine-type-2ndgen
func MaxConnections(tier string) int {
	if connections, ok := shared[tier]; ok {
		return connections
	}
	parts := customTier.FindStringSubmatch(tier)
	if parts == nil {
		return 0
	}
	cores, _ := strconv.Atoi(parts[1])
	memory, _ := strconv.Atoi(parts[2])
	if cores < 1 || cores > 96 || cores > 1 && cores%2 == 1 || memory < 3840 || memory%256 != 0 || memory < 922*cores || memory > 6656*cores {
		return 0
	}
	return min(memory*50/1024, 5000)
}

// CacheGiB is the capacity that a text such as memory-5 names, 0 for none that Memorystore for Redis has.
// https://cloud.google.com/memorystore/docs/redis/pricing
func CacheGiB(size string) int {
	parts := capacity.FindStringSubmatch(size)
	if parts == nil {
		return 0
	}
	gib, err := strconv.Atoi(parts[1])
	if err != nil || gib > LargestCache {
		return 0
	}
	return gib
}
