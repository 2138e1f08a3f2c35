package stacks

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// decoder turns a tree of JSON values into a Config and collects what is wrong.
type decoder struct {
	in       Input
	cloud    Cloud // empty if unknown
	user     map[string]any
	problems []problem
	failed   map[string]bool // paths with a problem: checks that read them are skipped
}

func (d *decoder) report(p problem) {
	if d.hides(p.path) && p.value != "" {
		p.value = hidden
	}
	d.failed[p.path] = true
	d.problems = append(d.problems, p)
}

// hides tells whether a value must not be shown: everything below an encrypted
// top-level key (the engine doesn't say which leaf is encrypted), and whatever
// is a secret by its meaning.
func (d *decoder) hides(path string) bool {
	section, _, _ := strings.Cut(path, ".")
	section, _, _ = strings.Cut(section, "[")
	return section == "secrets" || path == "alerts.webhook" || d.in.isSecret(section)
}

// section decodes the keys of one struct.
func (d *decoder) section(path string, tree map[string]any, dst reflect.Value) {
	fields := fieldsOf(dst.Type())
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		if !slices.ContainsFunc(fields, func(f field) bool { return f.name == key }) {
			d.unknown(path, key, tree[key], fields)
		}
	}
	for _, f := range fields {
		at, v := join(path, f.name), tree[f.name]
		switch {
		case v == nil && f.required:
			d.report(problem{path: at, text: "required, but not set" + d.foreign(at), allowed: list(f.enum)})
		case v == nil:
		case d.cloud != "" && f.clouds != nil && !slices.Contains(f.clouds, string(d.cloud)):
			if !isNothing(v) {
				d.report(problem{path: at, value: show(v), text: "has no meaning for cloud " + string(d.cloud), allowed: "only for " + list(f.clouds)})
			}
		default:
			d.value(at, v, dst.Field(f.index), f)
		}
	}
}

// foreign names another project's key of that name: after `pulumi new` the stack files have the prefix of the project that they came from.
func (d *decoder) foreign(path string) string {
	for _, full := range slices.Sorted(maps.Keys(d.in.Values)) {
		if prefix, ours := strings.CutSuffix(full, ":"+path); ours && prefix != d.in.Project {
			return fmt.Sprintf(", but %s is: this project is called %s; leave the prefix out of the stack's file, or write %[2]s: in place of %s:", full, d.in.Project, prefix)
		}
	}
	return ""
}

func (d *decoder) unknown(path, key string, v any, fields []field) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	slices.Sort(names)
	p := problem{path: join(path, key), value: show(v), text: "unknown key", allowed: list(names)}
	head, _, dotted := strings.Cut(key, ".")
	if path == "" && d.in.isSecret(key) {
		p.value = hidden
	}
	if path == "" && dotted && slices.Contains(names, head) {
		p.path = key
		p.text, p.allowed = "unknown key; a nested key is set with: pulumi config set --path '"+d.in.Project+":"+key+"' VALUE", ""
	} else if near := nearest(key, names); near != "" {
		p.nearest = join(path, near)
	} else {
		p.nearest = elsewhere(key)
	}
	d.report(p)
}

// elsewhere finds a key of exactly this name in another section.
func elsewhere(key string) string {
	found := ""
	walk(configType, "", func(path string, f field) {
		if found == "" && f.name == key {
			found = path
		}
	})
	return found
}

// prune drops what counts as not set: null anywhere, and an empty text for a key
// that takes text or that is top-level, since Pulumi.yaml can't declare an
// optional key without giving it a default.
func prune(tree map[string]any, t reflect.Type, top bool) {
	for _, f := range fieldsOf(t) {
		switch v := tree[f.name].(type) {
		case nil:
			delete(tree, f.name)
		case string:
			if v == "" && (top || f.typ.Kind() == reflect.String) {
				delete(tree, f.name)
			}
		case map[string]any:
			if isSection(f.typ) {
				prune(v, f.typ, false)
			}
		}
	}
}

// isNothing tells whether a value asks for nothing, so that a stack file may say
// `ha: false` on a cloud that has no such thing.
func isNothing(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == "" || v == "false" || v == "0"
	case json.Number:
		return v == "0"
	case []any:
		return len(v) == 0
	case map[string]any:
		return !slices.ContainsFunc(slices.Collect(maps.Values(v)), func(e any) bool { return !isNothing(e) })
	}
	return false
}

// value decodes v into dst by dst's type.
func (d *decoder) value(path string, v any, dst reflect.Value, f field) {
	switch dst.Kind() {
	case reflect.Struct:
		if tree, ok := v.(map[string]any); ok {
			d.section(path, tree, dst)
			return
		}
	case reflect.Map:
		if tree, ok := v.(map[string]any); ok {
			d.entries(path, tree, dst, f)
			return
		}
	case reflect.Slice:
		if items, ok := v.([]any); ok {
			dst.Set(reflect.MakeSlice(dst.Type(), len(items), len(items)))
			for i, item := range items {
				d.value(path+"["+strconv.Itoa(i)+"]", item, dst.Index(i), f)
			}
			return
		}
	default:
		d.leaf(path, v, dst, f)
		return
	}
	d.wrong(path, v, "wrong type", map[reflect.Kind]string{
		reflect.Struct: "an object", reflect.Map: "an object", reflect.Slice: "a list",
	}[dst.Kind()], "")
}

// entries decodes a map whose keys are free or come from a table.
func (d *decoder) entries(path string, tree map[string]any, dst reflect.Value, f field) {
	dst.Set(reflect.MakeMap(dst.Type()))
	ids := namedSet(f.keys)
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		at := join(path, key)
		switch {
		case f.keys == "env" && !envName.MatchString(key):
			d.report(problem{path: at, text: "not a name for an environment variable", allowed: "letters, digits and _, first no digit"})
			continue
		case len(ids) > 0 && !slices.Contains(ids, key):
			d.report(problem{path: at, value: show(tree[key]), text: "unknown id", allowed: list(ids), nearest: nearest(key, ids)})
			continue
		}
		elem := reflect.New(dst.Type().Elem()).Elem()
		switch {
		case tree[key] != nil:
			d.value(at, tree[key], elem, field{typ: elem.Type()})
			dst.SetMapIndex(reflect.ValueOf(key), elem)
		case elem.Kind() == reflect.String:
			d.nothing(at)
		}
	}
}

// nothing refuses a null where a text is due: what would be left out may be meant as an empty one.
func (d *decoder) nothing(path string) {
	d.report(problem{path: path, text: "is nothing to YAML, so it would be left out", allowed: "a text in quotes, which may be empty"})
}

func (d *decoder) wrong(path string, v any, text, allowed, near string) {
	d.report(problem{path: path, value: show(v), text: text, allowed: allowed, nearest: near})
}
