package spec

import "slices"

// WAFDate is when the table of this file was last compared with AWS's pages.
const WAFDate = "2026-12-01"

// RuleGroup is one of AWS's own groups of WAF rules.
type RuleGroup struct {
	// Name is AWS's, such as "AWSManagedRulesCommonRuleSet".
	Name string
	// Rules are the names of its rules.
	Rules []string
}

// ruleGroups are those that a stack with edge.waf has.
//   - https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
//   - https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-ip-rep.html
var ruleGroups = []RuleGroup{
	{"AWSManagedRulesAmazonIpReputationList", []string{"AWSManagedIPReputationList", "AWSManagedReconnaissanceList", "AWSManagedIPDDoSList"}},
	{"AWSManagedRulesAnonymousIpList", []string{"AnonymousIPList", "HostingProviderIPList"}},
	{"AWSManagedRulesKnownBadInputsRuleSet", []string{
		"JavaDeserializationRCE_HEADER", "JavaDeserializationRCE_BODY", "JavaDeserializationRCE_URIPATH", "JavaDeserializationRCE_QUERYSTRING",
		"Host_localhost_HEADER", "PROPFIND_METHOD", "ExploitablePaths_URIPATH",
		"Log4JRCE_HEADER", "Log4JRCE_QUERYSTRING", "Log4JRCE_BODY", "Log4JRCE_URIPATH", "ReactJSRCE_BODY",
	}},
	{"AWSManagedRulesCommonRuleSet", []string{
		"NoUserAgent_HEADER", "UserAgent_BadBots_HEADER",
		"SizeRestrictions_QUERYSTRING", "SizeRestrictions_Cookie_HEADER", "SizeRestrictions_BODY", "SizeRestrictions_URIPATH",
		"EC2MetaDataSSRF_BODY", "EC2MetaDataSSRF_COOKIE", "EC2MetaDataSSRF_URIPATH", "EC2MetaDataSSRF_QUERYARGUMENTS",
		"GenericLFI_QUERYARGUMENTS", "GenericLFI_URIPATH", "GenericLFI_BODY",
		"RestrictedExtensions_URIPATH", "RestrictedExtensions_QUERYARGUMENTS",
		"GenericRFI_QUERYARGUMENTS", "GenericRFI_BODY", "GenericRFI_URIPATH",
		"CrossSiteScripting_COOKIE", "CrossSiteScripting_QUERYARGUMENTS", "CrossSiteScripting_BODY", "CrossSiteScripting_URIPATH",
	}},
}

// RulesOf are the names of a group's rules, nil for a group that is not in the table.
func RulesOf(group string) []string {
	i := slices.IndexFunc(ruleGroups, func(g RuleGroup) bool { return g.Name == group })
	if i < 0 {
		return nil
	}
	return ruleGroups[i].Rules
}

// WAFRules are the names of all rules that a stack with edge.waf has, sorted. No two groups share one.
func WAFRules() (all []string) {
	for _, g := range ruleGroups {
		all = append(all, g.Rules...)
	}
	slices.Sort(all)
	return all
}
