package stacks

import (
	"fmt"
	"strings"
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

func TestAWSSecrets(t *testing.T) {
	for n, fits := range map[int]bool{20: true, 60: true, 90: false} {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"SECRET_NUMBER_%02d":"x"`, i))
		}
		_, err := Load(input("cloud", "aws", "secrets!", "{"+strings.Join(all, ",")+"}"))
		if got := err == nil; got != fits || !fits && !strings.Contains(err.Error(), fmt.Sprintf("secrets: %d secrets, which the policy", n)) {
			t.Errorf("%d secrets: %v", n, err)
		}
	}
}
