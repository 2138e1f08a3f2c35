package spec

import (
	"slices"
	"strings"
)

// MachinesDate is when the tables of this file were last compared with AWS's pages.
const MachinesDate = "2026-12-01"

// family is a kind of machine with its sizes.
type family struct{ name, sizes string }

// What many families have in common.
const (
	burstable = "micro small medium large xlarge 2xlarge"
	upTo16    = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"
	upTo24    = upTo16 + " 24xlarge"
	upTo32    = upTo24 + " 32xlarge"
	upTo48    = upTo24 + " 48xlarge"
)

// databaseFamilies are the classes of RDS that run PostgreSQL 14 and later. Not every region has each of them, which `doctor` asks.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html
var databaseFamilies = []family{
	{"db.t3", burstable}, {"db.t4g", burstable},
	{"db.m5", upTo24}, {"db.m5d", upTo24}, {"db.m6g", upTo16}, {"db.m6gd", upTo16}, {"db.m6i", upTo32}, {"db.m6id", upTo32}, {"db.m6in", upTo32}, {"db.m6idn", upTo32},
	{"db.m7g", upTo16}, {"db.m7i", upTo48}, {"db.m8g", upTo48}, {"db.m8gd", upTo48},
	{"db.r5", upTo24}, {"db.r5b", upTo24}, {"db.r5d", upTo24}, {"db.r6g", upTo16}, {"db.r6gd", upTo16}, {"db.r6i", upTo32}, {"db.r6id", upTo32}, {"db.r6in", upTo32}, {"db.r6idn", upTo32},
	{"db.r7g", upTo16}, {"db.r7i", upTo48}, {"db.r8g", upTo48}, {"db.r8gd", upTo48},
	{"db.c6gd", "medium " + upTo16},
	{"db.x2g", upTo16}, {"db.x2idn", "16xlarge 24xlarge 32xlarge"}, {"db.x2iedn", "xlarge 2xlarge 4xlarge 8xlarge 16xlarge 24xlarge 32xlarge"}, {"db.x2iezn", "2xlarge 4xlarge 6xlarge 8xlarge 12xlarge"},
	{"db.z1d", "large xlarge 2xlarge 3xlarge 6xlarge 12xlarge"},
}

// cacheFamilies are the node types of ElastiCache for Valkey, without those that keep data on disks, which need another engine's
// settings.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html
var cacheFamilies = []family{
	{"cache.t3", "micro small medium"}, {"cache.t4g", "micro small medium"},
	{"cache.m5", "large xlarge 2xlarge 4xlarge 12xlarge 24xlarge"}, {"cache.m6g", upTo16}, {"cache.m7g", upTo16},
	{"cache.r5", "large xlarge 2xlarge 4xlarge 12xlarge 24xlarge"}, {"cache.r6g", upTo16}, {"cache.r7g", upTo16},
	{"cache.c7gn", upTo16},
}

// DatabaseClass tells whether AWS has an instance class for PostgreSQL, such as "db.m7g.large".
func DatabaseClass(class string) bool { return has(databaseFamilies, class) }

// CacheNode tells whether AWS has a node type for Valkey, such as "cache.m7g.large".
func CacheNode(class string) bool { return has(cacheFamilies, class) }

func has(all []family, class string) bool {
	dot := strings.LastIndex(class, ".")
	if dot < 0 {
		return false
	}
	return slices.ContainsFunc(all, func(f family) bool {
		return f.name == class[:dot] && slices.Contains(strings.Fields(f.sizes), class[dot+1:])
	})
}

// Near are the classes of a class's own family, or, if AWS has none of that name, the names of all families: what to choose from
// instead.
func Near(class string) []string {
	all := databaseFamilies
	if strings.HasPrefix(class, "cache.") {
		all = cacheFamilies
	}
	var names []string
	for _, f := range all {
		if strings.HasPrefix(class, f.name+".") {
			var own []string
			for _, size := range strings.Fields(f.sizes) {
				own = append(own, f.name+"."+size)
			}
			return own
		}
		names = append(names, f.name+".…")
	}
	return names
}
