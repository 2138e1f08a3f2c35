package spec

import (
	"slices"
	"testing"
)

func TestMaxConnections(t *testing.T) {
	for tier, want := range map[string]int{
		"db-f1-micro": 50, "db-g1-small": 100, "db-custom-1-3840": 187, "db-custom-2-7680": 375, "db-custom-4-15360": 750, "db-custom-96-638976": 5000,
		"db-custom-3-7680": 0, "db-custom-2-3584": 0, "db-custom-2-7700": 0, "db-custom-1-7168": 0, "db-custom-8-3840": 0, "db-custom-98-638976": 0, "db.m7g.large": 0, "": 0,
	} {
		if got := MaxConnections(tier); got != want {
			t.Errorf("%s takes %d, want %d", tier, got, want)
		}
	}
}

func TestCacheGiB(t *testing.T) {
	for size, want := range map[string]int{"memory-1": 1, "memory-300": 300, "memory-301": 0, "memory-0": 0, "memory-05": 0, "cache.t4g.small": 0, "": 0} {
		if got := CacheGiB(size); got != want {
			t.Errorf("%q is %d GiB, want %d", size, got, want)
		}
	}
}

func TestRuleSetOf(t *testing.T) {
	for rule, want := range map[string]string{
		"owasp-crs-v030301-id931130-rfi": "rfi-v33-stable", "owasp-crs-v030301-id942100-sqli": "sqli-v33-stable", "owasp-crs-v030001-id044228-cve": "cve-canary",
		"owasp-crs-v030001-id931130-rfi": "", "931130": "", "GenericRFI_BODY": "", "owasp-crs-v030301-id933100-php": "",
	} {
		if got, ok := RuleSetOf(rule); got != want || ok != (want != "") {
			t.Errorf("%s belongs to %q, want %q", rule, got, want)
		}
	}
	if all := Regions(); len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(all) {
		t.Error("a region is listed twice")
	}
}
