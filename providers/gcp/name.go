package gcp

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// suffix is what Pulumi adds to a logical name that makes a resource's own: a hyphen and seven characters.
// https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
const suffix = 8

// longest is what most of Google Cloud's names may have: lower-case letters, digits and hyphens, first a letter (RFC 1035).
// https://cloud.google.com/compute/docs/naming-resources
const longest = 63

// base is the beginning of every name: app and stack. It starts with a letter, as the app's name does.
func (p *Platform) base() string {
	base := clean(p.settings.App + "-" + p.stack)
	if strings.HasPrefix(base, "goog") {
		return "app-" + base // buckets, labels and networks of that beginning are Google's own
	}
	return base
}

// name is the logical name of a resource whose name in Google Cloud may have limit characters, Pulumi's suffix among them. Such names
// are stable from run to run, and a replacement can be made before the old one is deleted. part may be empty.
func (p *Platform) name(part string, limit int) string { return join(p.base(), part, limit-suffix) }

// fixed is a name in Google Cloud that never changes, for what other things must know by name, or what Pulumi doesn't name.
func (p *Platform) fixed(part string, limit int) string { return join(p.base(), part, limit) }

var unclean = regexp.MustCompile(`[^a-z0-9]+`)

// clean leaves lower-case letters, digits and single hyphens between them: a stack may be called "Team_a.b". A text that this changes
// gets five characters of its hash too, so that two texts stay different.
func clean(text string) string {
	out := strings.Trim(unclean.ReplaceAllString(strings.ToLower(text), "-"), "-")
	if out == text {
		return out
	}
	return strings.TrimLeft(out+"-"+digest(text), "-")
}

// join puts base and part together within limit characters. Of a base that is too long the beginning is kept, and five characters of
// its hash, so that two long names stay different.
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

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:5]
}

// lastPart is the end of a resource name or a role: what comes after the last slash.
func lastPart(path string) string { return path[strings.LastIndex(path, "/")+1:] }
