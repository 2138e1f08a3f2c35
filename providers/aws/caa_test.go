package aws

import (
	"slices"
	"strings"
	"testing"
)

func TestAllowsAmazon(t *testing.T) {
	const domain, zone = "a.links.example.com", "example.com"
	for _, row := range []struct {
		name    string
		records map[string][]string
		want    string // the name whose records forbid it
	}{
		{"no records", nil, ""},
		{"one that allows", map[string][]string{zone: {`0 issue "amazon.com"`}}, ""},
		{"each of the four names", map[string][]string{zone: {`0 issue "awstrust.com"`}, domain: {`0 issue "amazontrust.com"`}}, ""},
		{"one among others", map[string][]string{zone: {`0 issue "letsencrypt.org"`, `0 issue "amazonaws.com"`}}, ""},
		{"parameters and capitals", map[string][]string{zone: {`0 ISSUE "Amazon.com; account=1"`}}, ""},
		{"only others", map[string][]string{zone: {`0 issue "letsencrypt.org"`, `0 issue "sectigo.com"`}}, zone},
		{"nobody", map[string][]string{zone: {`0 issue ";"`}}, zone},
		{"a name that only looks like it", map[string][]string{zone: {`0 issue "amazon.com.evil.example"`}}, zone},
		{"tags that don't restrict", map[string][]string{zone: {`0 iodef "mailto:security@example.com"`, `0 issuewild "letsencrypt.org"`}}, ""},
		{"the nearest counts: it allows", map[string][]string{zone: {`0 issue ";"`}, "links.example.com": {`0 issue "amazon.com"`}}, ""},
		{"the nearest counts: it forbids", map[string][]string{zone: {`0 issue "amazon.com"`}, domain: {`0 issue "letsencrypt.org"`}}, domain},
		{"a sibling does not count", map[string][]string{"b.example.com": {`0 issue ";"`}}, ""},
		{"above the zone", map[string][]string{"com": {`0 issue ";"`}}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := allowsAmazon(domain, zone, row.records)
			if row.want == "" {
				if err != nil {
					t.Errorf("the error is %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("it is allowed")
			}
			for _, part := range []string{"domain.name", "records of " + row.want + " let", `0 issue "amazon.com"`} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error is %q, want %q in it", err, part)
				}
			}
		})
	}
}

func TestLineage(t *testing.T) {
	for _, row := range []struct {
		domain, zone string
		want         []string
	}{
		{"example.com", "example.com", []string{"example.com"}},
		{"a.b.example.com", "example.com", []string{"a.b.example.com", "b.example.com", "example.com"}},
		{"example.org", "example.com", []string{"example.org", "org"}},
	} {
		if got := lineage(row.domain, row.zone); !slices.Equal(got, row.want) {
			t.Errorf("lineage(%q, %q) is %q, want %q", row.domain, row.zone, got, row.want)
		}
	}
}
