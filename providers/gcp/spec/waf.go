package spec

import (
	"regexp"
	"slices"
	"strings"
)

// RuleSet is a set of Google's ready-made rules of Cloud Armor.
type RuleSet struct {
	// Name is how expressions call it, What it looks for.
	Name, What string
	// end is that of the names of its rules.
	end string
}

// ruleSets are in the order in which requests are held against them. Left out are methodenforcement, which refuses PUT, PATCH and DELETE,
// and php, which no app here need be written in.
// https://cloud.google.com/armor/docs/waf-rules
var ruleSets = []RuleSet{
	{"sqli-v33-stable", "SQL injection", "sqli"},
	{"xss-v33-stable", "Cross-site scripting", "xss"},
	{"lfi-v33-stable", "Local file inclusion", "lfi"},
	{"rfi-v33-stable", "Remote file inclusion", "rfi"},
	{"rce-v33-stable", "Remote code execution", "rce"},
	{"scannerdetection-v33-stable", "Scanners", "scannerdetection"},
	{"protocolattack-v33-stable", "Protocol attacks", "protocolattack"},
	{"sessionfixation-v33-stable", "Session fixation", "sessionfixation"},
	{"java-v33-stable", "Attacks on Java", "java"},
	{"nodejs-v33-stable", "Attacks on NodeJS", "nodejs"},
	{"cve-canary", "Log4j and other known holes", "cve"},
}

// RuleSets are the sets that edge.waf asks for.
func RuleSets() []RuleSet { return slices.Clone(ruleSets) }

// ruleName is how Google names a rule. A set refuses to leave out one of another version of the OWASP core rule set.
// https://cloud.google.com/armor/docs/rule-tuning
var ruleName = regexp.MustCompile(`^owasp-crs-v030301-id[0-9]{6}-([a-z]+)$|^(?:owasp-crs-v[0-9]{6}|google-mrs-v[0-9]{6})-id[0-9]{6}-(cve)$`)

// RuleNames says how rules are named, for people.
var RuleNames = "names of rules such as owasp-crs-v030301-id931130-rfi, that end in one of " + strings.Join(ends(), ", ")

func ends() []string {
	var out []string
	for _, set := range ruleSets {
		out = append(out, set.end)
	}
	return out
}

// RuleSetOf returns the set that a rule belongs to, or nothing for what is no rule of any set here.
func RuleSetOf(rule string) (set string, ok bool) {
	parts := ruleName.FindStringSubmatch(rule)
	if parts == nil {
		return "", false
	}
	end := parts[1] + parts[2]
	i := slices.IndexFunc(ruleSets, func(s RuleSet) bool { return s.end == end })
	if i < 0 {
		return "", false
	}
	return ruleSets[i].Name, true
}
