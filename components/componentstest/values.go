package componentstest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// depth bounds the made-up outputs of a type that holds itself.
const depth = 4

// forms are the forms of texts, by the name of their property; the first that matches counts.
var forms = []struct {
	property *regexp.Regexp
	text     func(hash string) string
}{
	{regexp.MustCompile(`(?i)cert(ificate)?pem$`), certificate},
	{regexp.MustCompile(`(?i)pem`), func(h string) string { return "-----BEGIN TEST-----\n" + h + "\n-----END TEST-----\n" }},
	{regexp.MustCompile(`^(imageId|repoDigest|sha256Digest)$`), func(h string) string { return "sha256:" + h }},
	{regexp.MustCompile(`^hex$`), func(h string) string { return h[:6] }},
	{regexp.MustCompile(`^(result|id)$`), func(h string) string { return h }},
	{regexp.MustCompile(`(?i)(url|uri)s?$`), func(h string) string { return "https://" + h[:12] + ".example.com" }},
	{regexp.MustCompile(`(?i)(host|hostname|domain|dnsname|fqdn|endpoint|address)s?$`), func(h string) string { return h[:12] + ".example.com" }},
	{regexp.MustCompile(`(?i)logs$`), func(string) string { return "" }},
}

// certificate is a real one, always the same for a hash: drivers read the names and dates of certificates.
func certificate(hash string) string {
	key := ed25519.NewKeyFromSeed([]byte(hash[:ed25519.SeedSize]))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{hash[:12] + ".example.com"},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		return err.Error()
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// likely makes up a text for a property of one thing: always the same, and another one for every other thing.
func likely(of, path, property string) string {
	sum := sha256.Sum256([]byte(of + " " + path))
	hash := hex.EncodeToString(sum[:])
	for _, f := range forms {
		if f.property.MatchString(property) {
			return f.text(hash)
		}
	}
	return property + "-" + hash[:12]
}

// outputs fills in the outputs of a resource.
func (m *monitor) outputs(r Resource) resource.PropertyMap {
	state := r.Inputs.Copy()
	if kind := m.kinds[r.Type]; kind != nil {
		for i := range kind.Elem().NumField() {
			f := kind.Elem().Field(i)
			output, ok := reflect.Zero(f.Type).Interface().(pulumi.Output)
			tag := f.Tag.Get("pulumi")
			if _, given := state[resource.PropertyKey(tag)]; !ok || tag == "" || given {
				continue
			}
			if v := madeUp(output.ElementType(), r.URN, tag, tag, depth); !v.IsNull() {
				state[resource.PropertyKey(tag)] = v
			}
		}
	}
	for _, row := range m.options.Outputs {
		if row.Type != r.Type {
			continue
		}
		value := row.Value
		if text, ok := value.(string); ok {
			value = strings.ReplaceAll(text, "{name}", r.Name)
		}
		state[resource.PropertyKey(row.Property)] = resource.NewPropertyValue(value)
	}
	return state
}

// madeUp returns a value of a type. What is optional is left out, as providers do.
func madeUp(t reflect.Type, of, path, property string, left int) resource.PropertyValue {
	if left == 0 {
		return resource.NewNullProperty()
	}
	switch t.Kind() {
	case reflect.String:
		return resource.NewProperty(likely(of, path, property))
	case reflect.Bool:
		return resource.NewProperty(false)
	case reflect.Int, reflect.Float64:
		if property == "exitCode" {
			return resource.NewProperty(0.0)
		}
		return resource.NewProperty(1.0)
	case reflect.Slice:
		if v := madeUp(t.Elem(), of, path+"[0]", strings.TrimSuffix(property, "s"), left-1); !v.IsNull() {
			return resource.NewProperty([]resource.PropertyValue{v})
		}
	case reflect.Map:
		if v := madeUp(t.Elem(), of, path+".key", property, left-1); !v.IsNull() {
			return resource.NewProperty(resource.PropertyMap{"key": v})
		}
	case reflect.Struct:
		m := resource.PropertyMap{}
		for i := range t.NumField() {
			if tag := t.Field(i).Tag.Get("pulumi"); tag != "" {
				m[resource.PropertyKey(tag)] = madeUp(t.Field(i).Type, of, path+"."+tag, tag, left-1)
			}
		}
		return resource.NewProperty(m)
	}
	return resource.NewNullProperty()
}

// Leaf is one value inside the inputs of a resource.
type Leaf struct {
	// Path leads to it: uploads[0].content.
	Path string
	// Rows is Path with every index replaced by a star: uploads[*].content.
	Rows string
	// Value is a text, a number or a truth value.
	Value any
	// Secret tells whether it, or something it lies in, is marked as a secret.
	Secret bool
}

// Text returns the value as text.
func (l Leaf) Text() string { return fmt.Sprint(l.Value) }

// Leaves lists the values inside the inputs of a resource.
func (r Resource) Leaves() []Leaf {
	var all []Leaf
	walk(resource.NewProperty(r.Inputs), "", "", false, func(l Leaf) { all = append(all, l) })
	return all
}

// At returns the values at a path in which a star stands for every index. It is empty if there is none.
func (r Resource) At(rows string) []any {
	var out []any
	for _, l := range r.Leaves() {
		if l.Rows == rows {
			out = append(out, l.Value)
		}
	}
	return out
}

func walk(v resource.PropertyValue, path, rows string, secret bool, visit func(Leaf)) {
	switch {
	case v.IsSecret():
		walk(v.SecretValue().Element, path, rows, true, visit)
	case v.IsOutput():
		walk(v.OutputValue().Element, path, rows, secret || v.OutputValue().Secret, visit)
	case v.IsObject():
		for _, k := range v.ObjectValue().StableKeys() {
			walk(v.ObjectValue()[k], strings.TrimPrefix(path+"."+string(k), "."), strings.TrimPrefix(rows+"."+string(k), "."), secret, visit)
		}
	case v.IsArray():
		for i, e := range v.ArrayValue() {
			walk(e, fmt.Sprintf("%s[%d]", path, i), rows+"[*]", secret, visit)
		}
	case v.IsString() || v.IsNumber() || v.IsBool():
		visit(Leaf{Path: path, Rows: rows, Value: v.V, Secret: secret})
	}
}
