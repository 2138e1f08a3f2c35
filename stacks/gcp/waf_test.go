package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// signatures are those of the OWASP core rule set that a link may match, in the words of its rules: at which sensitivity, and what in a
// field of the body they look for. What posts links can't do with all of them.
// https://github.com/coreruleset/coreruleset/blob/v3.3/master/rules/REQUEST-931-APPLICATION-ATTACK-RFI.conf
var signatures = []struct {
	id, set     string
	sensitivity int
	matches     *regexp.Regexp
}{
	{"owasp-crs-v030301-id931100-rfi", "rfi-v33-stable", 1, regexp.MustCompile(`^(?i:file|ftps?|https?)://(\d{1,3}\.){3}\d{1,3}`)},
	{"owasp-crs-v030301-id931120-rfi", "rfi-v33-stable", 1, regexp.MustCompile(`^(?i:file|ftps?|https?).*\?+$`)},
	{"owasp-crs-v030301-id931130-rfi", "rfi-v33-stable", 2, regexp.MustCompile(`^(?i:file|ftps?|https?)://`)},
}

// posted are addresses that people shorten.
var posted = []string{"https://example.com/", "http://192.0.2.7:8080/status", "https://example.com/search?", "https://example.org/a?b=c&d=https://example.net/", "ftp://example.com/file"}

var wafCall = regexp.MustCompile(`^evaluatePreconfiguredWaf\('([^']+)', \{'sensitivity': (\d)(?:, 'opt_out_rule_ids': \[([^\]]*)\])?\}\)$`)

// written wants the sample's only write to get through the firewall: its input is addresses, which rules against remote files look for.
func written(t *testing.T, stack string, state *apitype.DeploymentV3) {
	sets, refused, without := 0, 0, 0
	for _, r := range state.Resources {
		if r.Type != "gcp:compute/securityPolicy:SecurityPolicy" {
			continue
		}
		for _, v := range r.Inputs["rules"].([]any) {
			rule := v.(map[string]any)
			match, _ := rule["match"].(map[string]any)
			expr, _ := match["expr"].(map[string]any)
			call := wafCall.FindStringSubmatch(fmt.Sprint(expr["expression"]))
			if call == nil {
				continue
			}
			sets++
			for _, s := range signatures {
				if s.set != call[1] || fmt.Sprint(s.sensitivity) > call[2] {
					continue
				}
				for _, address := range posted {
					if !s.matches.MatchString(address) {
						continue
					}
					without++
					if !strings.Contains(call[3], "'"+s.id+"'") {
						refused++
						t.Errorf("%s refuses the link %s", s.id, address)
					}
				}
			}
		}
	}
	if stack == "gcp-prod" && (sets != 11 || without == 0) {
		t.Errorf("%d sets of rules are there, and %d links would be refused without exclusions: nothing was tested", sets, without)
	}
}
