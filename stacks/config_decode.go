package stacks

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
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
			d.report(problem{path: at, text: "required, but not set", allowed: list(f.enum)})
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
		if tree[key] != nil {
			d.value(at, tree[key], elem, field{typ: elem.Type()})
			dst.SetMapIndex(reflect.ValueOf(key), elem)
		}
	}
}

func (d *decoder) wrong(path string, v any, text, allowed, near string) {
	d.report(problem{path: path, value: show(v), text: text, allowed: allowed, nearest: near})
}

// leaf decodes a scalar. Pulumi hands scalars over as strings or typed, depending
// on how they were set; both are taken.
func (d *decoder) leaf(path string, v any, dst reflect.Value, f field) {
	text, ok := plain(v)
	if !ok {
		d.wrong(path, v, "wrong type", kindName(dst.Type(), f), "")
		return
	}
	n, ok := parseLeaf(text, dst, f)
	if !ok {
		d.wrong(path, v, "not "+kindName(dst.Type(), f), rangeText(f), "")
		return
	}
	if len(f.enum) > 0 && !slices.Contains(f.enum, text) {
		d.wrong(path, v, "not one of the allowed values", list(f.enum), nearest(text, f.enum))
		return
	}
	if f.pattern != "" && !regexp.MustCompile(f.pattern).MatchString(text) {
		d.wrong(path, v, "not "+f.hint, "", "")
		return
	}
	if !within(n, dst.Type(), f) {
		d.wrong(path, v, "out of range", rangeText(f), "")
	}
}

// plain writes a JSON scalar as text.
func plain(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// parseLeaf sets dst from text and returns its number, if it has one.
func parseLeaf(text string, dst reflect.Value, f field) (float64, bool) {
	switch {
	case dst.Type() == durationType:
		n, err := time.ParseDuration(text)
		dst.SetInt(int64(n))
		return float64(n), err == nil
	case dst.Type() == quantityType:
		n, err := ParseQuantity(text)
		dst.SetInt(int64(n))
		return float64(n), err == nil
	}
	switch dst.Kind() {
	case reflect.String:
		dst.SetString(text)
		return 0, true
	case reflect.Bool:
		dst.SetBool(text == "true")
		return 0, text == "true" || text == "false"
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, false
	}
	if dst.Kind() == reflect.Float64 {
		dst.SetFloat(n)
		return n, true
	}
	dst.SetInt(int64(n))
	return n, n == math.Trunc(n) && math.Abs(n) < 1<<53
}

func within(n float64, t reflect.Type, f field) bool {
	return (f.min == "" || n >= bound(f.min, t)) && (f.max == "" || n <= bound(f.max, t))
}

// bound reads a min or max tag in the unit of the field.
func bound(text string, t reflect.Type) float64 {
	n, _ := parseLeaf(text, reflect.New(t).Elem(), field{})
	return n
}

func rangeText(f field) string {
	if f.min == "" || len(f.enum) > 0 {
		return list(f.enum)
	}
	return f.min + " to " + f.max
}

// kindName says what a scalar must be.
func kindName(t reflect.Type, f field) string {
	switch {
	case t == durationType:
		return "a duration such as 90s or 10m"
	case t == quantityType:
		return "a quantity such as 512Mi or 20Gi"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Float64:
		return "a number"
	}
	return "a whole number"
}
