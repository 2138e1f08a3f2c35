package stacks

import (
	"testing"

	"github.com/slipway-iac/slipway/providers/aws/spec"
)

// Every region and class of the tables is accepted, and one of them is not enough: a table that refuses all would pass the rows of
// TestProblems.
func TestAWSTablesAreAccepted(t *testing.T) {
	accept := func(kv ...string) {
		t.Helper()
		if _, err := Load(input(append([]string{"cloud", "aws"}, kv...)...)); err != nil {
			t.Errorf("%v: %v", kv, err)
		}
	}
	for _, region := range spec.Regions(true) {
		accept("region", region)
	}
	accept("region", "ap-southeast-6", "domain", `{"name":"a.example.com","zone":"example.com"}`)
	for _, class := range []string{"db.t4g.micro", "db.m8g.48xlarge", "db.x2iedn.xlarge", "db.c6gd.medium"} {
		accept("database", `{"size":"`+class+`"}`)
	}
	for _, node := range []string{"cache.t4g.micro", "cache.r7g.16xlarge"} {
		accept("cache", `{"size":"`+node+`"}`)
	}
	for _, version := range spec.PostgresVersions() {
		accept("database", `{"version":`+version+`}`)
	}
}
