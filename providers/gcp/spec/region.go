// Package spec holds what Google Cloud offers and allows, as dated tables with their sources. It imports no SDK: configuration is checked
// against it, the drivers use it, and `doctor` asks the account what no table can know.
package spec

import "slices"

// RegionsDate is when the table of regions was read.
const RegionsDate = "2026-12-01"

// regions are those with Cloud Run, Cloud SQL and Memorystore for Redis. Each has three zones or more, so a standby and a replica have a
// zone of their own everywhere. Left out are those that only have accelerators, such as us-central2, and those that Google opens to single
// customers.
//   - https://cloud.google.com/run/docs/locations
//   - https://cloud.google.com/sql/docs/postgres/locations
//   - https://cloud.google.com/memorystore/docs/redis/regions
//   - https://cloud.google.com/compute/docs/regions-zones
var regions = []string{
	"africa-south1",
	"asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3", "asia-south1", "asia-south2",
	"asia-southeast1", "asia-southeast2", "asia-southeast3", "australia-southeast1", "australia-southeast2",
	"europe-central2", "europe-north1", "europe-north2", "europe-southwest1", "europe-west1", "europe-west2", "europe-west3", "europe-west4",
	"europe-west6", "europe-west8", "europe-west9", "europe-west10", "europe-west12",
	"me-central1", "me-central2", "me-west1",
	"northamerica-northeast1", "northamerica-northeast2", "northamerica-south1", "southamerica-east1", "southamerica-west1",
	"us-central1", "us-east1", "us-east4", "us-east5", "us-south1", "us-west1", "us-west2", "us-west3", "us-west4",
}

// Regions are the regions that a stack can run in.
func Regions() []string { return slices.Clone(regions) }
