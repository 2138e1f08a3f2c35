// Package likely makes up the values that a cloud gives to a resource: ids, ARNs, self links, host names, digests, keys. They have
// the form of real ones, are always the same for one resource, and differ from those of every other resource.
package likely

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Place is where a provider puts things. What is empty has a default.
type Place struct {
	// Region of the cloud, in the cloud's own terms. Default: us-east-1, eastus or us-central1.
	Region string
	// Account is AWS's account id. Default: 123456789012.
	Account string
	// Subscription is Azure's. Default: 12345678-1234-9876-4563-123456789012.
	Subscription string
	// Project is Google Cloud's project id. Default: simulated-project.
	Project string
}

// Thing is a resource whose values are made up.
type Thing struct {
	// Token is the resource's type, URN what its values are derived from. Required.
	Token, URN string
	// Inputs are what the program gave. Default: nothing.
	Inputs resource.PropertyMap
	// Salt tells the resource from the one that it replaces. Default: none.
	Salt string
	// Place is where the resource is. Default: see Place.
	Place Place
}

// form is how a token's outputs look: a template by property. The property "id" is the resource's id.
type form = map[string]string

// ID is what the cloud knows the resource by.
func (t Thing) ID() string { return t.Text("id") }

// Text is the value of a text output. The path leads to it from the resource's outputs: masterUserSecrets[0].secretArn.
func (t Thing) Text(path string) string { return t.text(path, 0) }

// Expand fills in a template's placeholders: {region}, {hex:17}, {name}.
func (t Thing) Expand(template string) string { return t.expand(template, "", 0) }

// recursion bounds templates that name each other.
const recursion = 4

var (
	index       = regexp.MustCompile(`\[\d+\]`)
	placeholder = regexp.MustCompile(`\{[^{}]+\}`)
)

func (t Thing) text(path string, depth int) string {
	rows := index.ReplaceAllString(path, "[*]")
	property := rows[strings.LastIndex(rows, ".")+1:]
	template, ok := t.forms()[rows]
	if !ok && (rows != "id" || t.cloud() == "azure-native") {
		template, ok = t.byProperty(rows, property)
	}
	if !ok && rows == "id" {
		template, ok = "{name}-{hex:8}", true
	}
	if !ok {
		return strings.Trim(property, "[*]") + "-" + t.pick("text "+path, hexadecimal, 12)
	}
	return t.expand(template, path, depth)
}

func (t Thing) expand(template, path string, depth int) string {
	return placeholder.ReplaceAllStringFunc(template, func(s string) string { return t.fill(s[1:len(s)-1], path, depth) })
}

// The alphabets of generated names.
const (
	hexadecimal = "0123456789abcdef"
	digits      = "0123456789"
	lower       = "abcdefghijklmnopqrstuvwxyz0123456789"
	upper       = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	letters     = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

var alphabets = map[string]string{"hex": hexadecimal, "HEX": "0123456789ABCDEF", "digits": digits, "lower": lower, "upper": upper, "letters": letters}

// fill replaces one placeholder: a place, a random-looking text, the name, an input or another output.
func (t Thing) fill(what, path string, depth int) string {
	if kind, n, ok := strings.Cut(what, ":"); ok {
		length, err := strconv.Atoi(n)
		if alphabet := alphabets[kind]; alphabet != "" && err == nil {
			return t.pick(what, alphabet, length)
		}
		if kind == "version" { // of an input: another one whenever that is
			text, _ := textAt(t.Inputs, n)
			return t.pick("version "+text, hexadecimal, 32)
		}
	}
	if text, ok := t.where(what); ok {
		return text
	}
	if text, ok := t.crypto(what); ok {
		return text
	}
	switch what {
	case "name":
		return t.Name()
	case "logical":
		return t.logical()
	case "number": // of the list's item, from 1
		all := index.FindAllString(path, -1)
		if len(all) == 0 {
			return "1"
		}
		n, _ := strconv.Atoi(strings.Trim(all[len(all)-1], "[]"))
		return strconv.Itoa(n + 1)
	case "uuid":
		return t.uuid(path)
	case "ip":
		return t.address(path)
	}
	if text, ok := textAt(t.Inputs, what); ok {
		return text
	}
	if compute := special(t.Token, what); compute != nil {
		if v := compute(t); v.IsString() {
			return v.StringValue()
		}
	}
	if depth >= recursion {
		return t.pick(what, hexadecimal, 12)
	}
	return t.text(what, depth+1)
}

// Name is the name that the resource has in the cloud: the input that names it, else the logical name.
func (t Thing) Name() string {
	if name, ok := textAt(t.Inputs, NameProperty(t.Token)); ok && name != "" {
		return name
	}
	return t.logical()
}

// logical is the resource's name in the program; a function, which has no URN, goes by its token.
func (t Thing) logical() string {
	if urn := resource.URN(t.URN); urn.IsValid() {
		return urn.Name()
	}
	return t.Token
}

// cloud is the provider's package.
func (t Thing) cloud() string { p, _, _ := strings.Cut(t.Token, ":"); return p }

// pick returns n characters of an alphabet. For one purpose they are always the same.
func (t Thing) pick(purpose, alphabet string, n int) string {
	out := make([]byte, 0, n)
	for block := uint32(0); len(out) < n; block++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(t.URN+"\x00"+t.Salt+"\x00"+purpose+"\x00"), block))
		for _, b := range sum {
			if len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out)
}

// uuid is one of version 4.
func (t Thing) uuid(path string) string {
	h := t.pick("uuid "+path, hexadecimal, 32)
	return fmt.Sprintf("%s-%s-4%s-a%s-%s", h[:8], h[8:12], h[13:16], h[17:20], h[20:])
}

// address is one of 10.0.0.0/8: it belongs to nobody.
func (t Thing) address(path string) string {
	sum := sha256.Sum256([]byte(t.URN + "\x00" + t.Salt + "\x00" + path))
	return fmt.Sprintf("10.%d.%d.%d", sum[0], sum[1], 1+int(sum[2])%254)
}

// textAt returns the text at a path of plain names.
func textAt(m resource.PropertyMap, path string) (string, bool) {
	head, rest, nested := strings.Cut(path, ".")
	v, ok := m[resource.PropertyKey(head)]
	if !ok {
		return "", false
	}
	v = Plain(v)
	if nested && v.IsObject() {
		return textAt(v.ObjectValue(), rest)
	}
	if nested || !v.IsString() {
		return "", false
	}
	return v.StringValue(), true
}

// Plain takes a value out of what marks it as secret or as an output.
func Plain(v resource.PropertyValue) resource.PropertyValue {
	for {
		switch {
		case v.IsSecret():
			v = v.SecretValue().Element
		case v.IsOutput() && v.OutputValue().Known:
			v = v.OutputValue().Element
		default:
			return v
		}
	}
}
