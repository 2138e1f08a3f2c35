package stacks

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/components"
)

var (
	configType   = reflect.TypeFor[Config]()
	secretType   = reflect.TypeFor[Secret]()
	quantityType = reflect.TypeFor[Quantity]()
	durationType = reflect.TypeFor[time.Duration]()
)

// field is one configuration key: what the tags of its struct field say.
type field struct {
	name, desc    string
	enum          []string
	min, max      string
	pattern, hint string
	keys          string
	clouds        []string
	required      bool
	index         int
	typ           reflect.Type
}

// formats are the patterns that a format tag stands for.
var formats = map[string]struct{ pattern, hint string }{
	"path":     {`^/[A-Za-z0-9._~/:@+,=-]*$`, `a path that starts with "/", of letters, digits and ._~/:@+,=-`},
	"hostname": {`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`, "a lower-case host name such as links.example.com"},
	"email":    {`^[^\s@<>",;]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}$`, "an e-mail address such as oncall@example.com"},
	"uuid":     {`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`, "a lower-case UUID"},
}

// fieldsOf lists the keys of a section in the order of its struct.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		sf := t.Field(i)
		name := sf.Tag.Get("json")
		if name == "-" {
			continue
		}
		f := field{
			name: name, desc: sf.Tag.Get("desc"),
			min: sf.Tag.Get("min"), max: sf.Tag.Get("max"),
			pattern: sf.Tag.Get("pattern"), hint: sf.Tag.Get("hint"),
			keys: sf.Tag.Get("keys"), required: sf.Tag.Get("required") == "true",
			index: i, typ: sf.Type,
		}
		f.enum = members(sf.Tag.Get("enum"))
		f.clouds = members(sf.Tag.Get("clouds"))
		if format, ok := formats[sf.Tag.Get("format")]; ok {
			f.pattern, f.hint = format.pattern, format.hint
		}
		out = append(out, f)
	}
	return out
}

// members expands an enum tag: a comma-separated list, or @ and a set's name.
func members(tag string) []string {
	if set, ok := strings.CutPrefix(tag, "@"); ok {
		return namedSet(set)
	}
	if tag == "" {
		return nil
	}
	return strings.Split(tag, ",")
}

// namedSet lists the ids that a table elsewhere allows, sorted.
func namedSet(name string) []string {
	var ids []string
	switch name {
	case "signals", "gates":
		for _, s := range components.Signals(nil) {
			if name == "signals" || s.Gate {
				ids = append(ids, s.ID)
			}
		}
	case "guardrails":
		for _, g := range guardrails {
			ids = append(ids, g.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// envPattern is POSIX's portable character set for names of variables, plus
// lower case, which POSIX leaves to applications.
const envPattern = `^[A-Za-z_][A-Za-z0-9_]*$`

var envName = regexp.MustCompile(envPattern)

// isSection tells the structs with keys of their own from plain values.
func isSection(t reflect.Type) bool { return t.Kind() == reflect.Struct }

// walk calls visit for every key, parents first, with its dotted path.
func walk(t reflect.Type, prefix string, visit func(path string, f field)) {
	for _, f := range fieldsOf(t) {
		path := join(prefix, f.name)
		visit(path, f)
		if isSection(f.typ) {
			walk(f.typ, path, visit)
		}
	}
}

// join appends a key to a path the way `pulumi config set --path` spells it.
func join(path, key string) string {
	switch {
	case path == "":
		return key
	case key != "" && !strings.ContainsAny(key, ".[]\"\n\r\t"):
		return path + "." + key
	}
	return path + "[" + quote(key) + "]"
}
