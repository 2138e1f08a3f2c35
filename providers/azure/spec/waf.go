package spec

import "strings"

// The rule sets of Front Door's firewall, Microsoft's own, in the order in which they are asked.
//   - https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-drs
//   - https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-policy-configure-bot-protection
const (
	RuleSet        = "Microsoft_DefaultRuleSet"
	RuleSetVersion = "2.1"
	BotRuleSet     = "Microsoft_BotManagerRuleSet"
	BotVersion     = "1.1"
)

// BadBots are the rules of BotRuleSet that block by themselves; the others only log.
// https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-drs#bot-manager-11
var BadBots = []string{"Bot100100", "Bot100200", "Bot100300"}

// Rule is a managed rule as a policy names it.
type Rule struct {
	// ID is the rule's own, such as "931130".
	ID string
	// Set is RuleSet or BotRuleSet, and Group one of its groups.
	Set, Group string
}

// groups are those of the rule sets, by the beginning of their rules' ids and how long those are.
// https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-drs#drs-21
var groups = []struct {
	begins     string
	length     int
	set, group string
}{
	{"20000", 6, RuleSet, "General"},
	{"911", 6, RuleSet, "METHOD-ENFORCEMENT"},
	{"920", 6, RuleSet, "PROTOCOL-ENFORCEMENT"},
	{"921", 6, RuleSet, "PROTOCOL-ATTACK"},
	{"930", 6, RuleSet, "LFI"},
	{"931", 6, RuleSet, "RFI"},
	{"932", 6, RuleSet, "RCE"},
	{"933", 6, RuleSet, "PHP"},
	{"934", 6, RuleSet, "NODEJS"},
	{"941", 6, RuleSet, "XSS"},
	{"942", 6, RuleSet, "SQLI"},
	{"943", 6, RuleSet, "FIX"},
	{"944", 6, RuleSet, "JAVA"},
	{"99005", 8, RuleSet, "MS-ThreatIntel-WebShells"},
	{"99030", 8, RuleSet, "MS-ThreatIntel-AppSec"},
	{"99031", 8, RuleSet, "MS-ThreatIntel-SQLI"},
	{"99001", 8, RuleSet, "MS-ThreatIntel-CVEs"},
	{"Bot100", 9, BotRuleSet, "BadBots"},
	{"Bot200", 9, BotRuleSet, "GoodBots"},
	{"Bot300", 9, BotRuleSet, "UnknownBots"},
}

// RuleOf finds the rule set and the group of a rule by its id. Microsoft adds rules to a version of a set, so the digits behind the
// group's are not looked at.
func RuleOf(id string) (Rule, bool) {
	for _, row := range groups {
		if len(id) == row.length && strings.HasPrefix(id, row.begins) && strings.Trim(id[len(row.begins):], "0123456789") == "" {
			return Rule{ID: id, Set: row.set, Group: row.group}, true
		}
	}
	return Rule{}, false
}
