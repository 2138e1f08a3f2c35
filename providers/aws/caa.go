package aws

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// amazonIssuers are the names by which a CAA record allows ACM to issue.
// https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html
var amazonIssuers = []string{"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}

// checkCAA fails if the zone's CAA records keep ACM from issuing a certificate for a name: ACM itself would say so only after it
// has been waited for. Records above the zone, which another zone holds, are not seen.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
func (p *Platform) checkCAA(ctx *pulumi.Context, z zone, domain string) error {
	var names []string
	for _, name := range lineage(domain, z.name) {
		names = append(names, regexp.QuoteMeta(name))
	}
	pattern := `^(` + strings.Join(names, "|") + `)\.$`
	found, err := route53.GetRecords(ctx, &route53.GetRecordsArgs{ZoneId: z.id, NameRegex: &pattern}, pulumi.Parent(p), pulumi.Provider(p.cloud))
	if err != nil {
		return fmt.Errorf("reading CAA records of zone %s: %w", z.name, err)
	}
	records := map[string][]string{}
	for _, set := range found.ResourceRecordSets {
		if set.Type != "CAA" {
			continue
		}
		name := strings.ToLower(strings.TrimSuffix(set.Name, "."))
		for _, record := range set.ResourceRecords {
			records[name] = append(records[name], record.Value)
		}
	}
	return allowsAmazon(domain, z.name, records)
}

// lineage lists a name and its parents up to the zone's own name.
func lineage(domain, zone string) []string {
	all := []string{domain}
	for name := domain; name != zone; {
		_, parent, ok := strings.Cut(name, ".")
		if !ok {
			break
		}
		all, name = append(all, parent), parent
	}
	return all
}

// allowsAmazon decides as a certificate authority does: of the name and its parents, the first that has CAA records counts, and
// they restrict nothing unless one has the tag issue. records are values by name: `0 issue "amazon.com"`.
// https://www.rfc-editor.org/rfc/rfc8659#section-3
func allowsAmazon(domain, zone string, records map[string][]string) error {
	for _, name := range lineage(domain, zone) {
		if len(records[name]) == 0 {
			continue
		}
		var allowed []string
		for _, value := range records[name] {
			if issuer, ok := issuerOf(value); ok {
				allowed = append(allowed, issuer)
			}
		}
		if len(allowed) == 0 || slices.ContainsFunc(allowed, func(issuer string) bool { return slices.Contains(amazonIssuers, issuer) }) {
			return nil
		}
		return fmt.Errorf("the key domain.name: the CAA records of %s let AWS issue no certificate for %s, only: %s. Add this value to them: 0 issue \"%s\"",
			name, domain, strings.Join(allowed, ", "), amazonIssuers[0])
	}
	return nil
}

// issuerOf reads whom a CAA record allows to issue, without parameters; "nobody" if its value is only a semicolon. The second
// result is false for records of other tags.
func issuerOf(value string) (string, bool) {
	parts := strings.SplitN(strings.TrimSpace(value), " ", 3)
	if len(parts) != 3 || !strings.EqualFold(parts[1], "issue") {
		return "", false
	}
	issuer, _, _ := strings.Cut(strings.Trim(strings.TrimSpace(parts[2]), `"`), ";")
	if issuer = strings.ToLower(strings.TrimSpace(issuer)); issuer == "" {
		return "nobody", true
	}
	return issuer, true
}
