package azure

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// suffix is how many characters azure-native adds to a logical name that makes a resource's own name, and how many the stack's own
// random end has.
// https://www.pulumi.com/registry/packages/azure-native/how-to-guides/azure-autonaming/
const suffix = 8

// base is the beginning of every name: app and stack. It starts with a letter, as the app's name does.
func (p *Platform) base() string { return clean(p.settings.App + "-" + p.stack) }

// name is the logical name of a resource whose name in Azure may have limit characters, azure-native's random end among them. part
// may be empty.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
func (p *Platform) name(part string, limit int) string { return join(p.base(), part, limit-suffix) }

// fixed is a name that never changes, for what is known by its name alone. It is unique inside the stack's resource group.
func (p *Platform) fixed(part string, limit int) string { return join(p.base(), part, limit) }

// global is a name that no other customer of Azure may have: the stack's own, with a random end that stays as long as the stack. After
// the stack is destroyed and made again it is another one, so a vault that is deleted and not yet purged is not in the way.
// separator is what the type of resource takes between both, "-" or nothing; then only letters and digits are left.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
func (p *Platform) global(limit int, separator string) pulumi.StringOutput {
	base := join(p.base(), "", limit-suffix-len(separator))
	if separator == "" {
		base = squeeze(p.base(), limit-suffix)
	}
	return pulumi.Sprintf("%s%s%s", base, separator, p.random.end)
}

// groupName is the name of the stack's resource group. It holds the project too, as the subscription has one space of names for
// them, and it is the same from run to run: programs look things up by it.
func (p *Platform) groupName() string { return GroupName(p.settings.App, p.project, p.stack) }

// GroupName is the name of a stack's resource group.
func GroupName(app, project, stack string) string {
	return join(clean(project)+"-"+clean(app+"-"+stack), "", 90)
}

// AppName is the name of a stack's container app, inside its resource group.
func AppName(app, stack string) string { return join(clean(app+"-"+stack), "", 32) }

var unclean = regexp.MustCompile(`[^a-z0-9]+`)

// clean leaves lower-case letters, digits and single hyphens between them, which is what the strictest of Azure's services take: a
// stack may be called "Team_a.b", and an app "a--b". A text that this changes gets five characters of its hash too, so that two
// texts stay different.
func clean(text string) string {
	out := strings.Trim(unclean.ReplaceAllString(strings.ToLower(text), "-"), "-")
	if out == text {
		return out
	}
	return out + "-" + digest(text)
}

// join puts base and part together within limit characters. Of a base that is too long the beginning is kept, and five
// characters of its hash, so that two long names stay different.
func join(base, part string, limit int) string {
	if part != "" {
		part = "-" + part
	}
	room := limit - len(part)
	if len(base) <= room {
		return base + part
	}
	tail := "-" + digest(base)
	if room <= len(tail) {
		return strings.TrimRight((base + part)[:limit-len(tail)], "-") + "-" + digest(base+part)
	}
	return strings.TrimRight(base[:room-len(tail)], "-") + tail + part
}

// squeeze leaves letters and digits, within limit characters.
func squeeze(text string, limit int) string {
	out := strings.ReplaceAll(text, "-", "")
	if len(out) <= limit {
		return out
	}
	return out[:limit-5] + digest(text)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:5]
}

// guid is an identifier that is the same for the same texts: version 8 of RFC 9562, which leaves the way it is made to whoever makes
// it.
// https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8
func guid(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
