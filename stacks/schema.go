package stacks

//go:generate go test . -run ^TestGenerated$ -count=1 -update

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

const (
	quantityPattern = `^(0|[0-9]+(Ki|Mi|Gi|Ti))$`
	durationPattern = `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	wholePattern    = `^-?[0-9]+$`
	numberPattern   = `^-?[0-9]+(\.[0-9]+)?$`
)

type node = map[string]any

// Schema is the JSON schema (draft 2020-12) of a Pulumi.<stack>.yaml file of the
// given project, made from the tags of Config and the tables of defaults and
// guardrails. Keys may have the project's prefix or none, as Pulumi takes both. Editors use it through yaml-language-server; Load checks more than
// a schema can say.
func Schema(project string) ([]byte, error) {
	keys, definitions := node{}, node{}
	names := []string{}
	for _, f := range fieldsOf(configType) {
		definitions[f.name] = schemaOf(f.name, f)
		for _, key := range []string{f.name, project + ":" + f.name} {
			keys[key] = node{"$ref": "#/$defs/" + f.name}
			names = append(names, key)
		}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(node{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "Slipway stack configuration",
		"description": "A Pulumi.<stack>.yaml file of project " + project + ". Generated: go generate ./stacks",
		"type":        "object",
		"required":    []string{"config"},
		"$defs":       definitions,
		"properties": node{"config": node{
			"type": "object", "properties": keys, "anyOf": []node{{"required": []string{"cloud"}}, {"required": []string{project + ":cloud"}}},
			"propertyNames": node{"anyOf": []node{
				{"enum": names},
				{"pattern": ":", "not": node{"pattern": "^" + strings.ReplaceAll(project, ".", `\.`) + ":"}}, // another namespace's
			}},
		}},
	})
	return out.Bytes(), err
}

// schemaOf describes one key with its default in the description, and as a
// default proper where it is the same for every stack.
func schemaOf(path string, f field) node {
	n := typeSchema(path, f.typ, f)
	text := f.desc
	if hint := f.hint; hint != "" && !strings.Contains(text, hint) {
		text += " It must be " + hint + "."
	}
	if f.clouds != nil {
		text += " Only for " + list(f.clouds) + "."
	}
	if d := defaultText(path); d != "" {
		text += " Default: " + d + "."
	}
	n["description"] = text
	if v, ok := constantDefault(path); ok {
		n["default"] = v
	}
	return n
}

func typeSchema(path string, t reflect.Type, f field) node {
	switch {
	case t == secretType:
		return secretSchema(path)
	case t == durationType:
		return node{"type": "string", "pattern": durationPattern}
	case t == quantityType:
		return node{"anyOf": []node{{"type": "string", "pattern": quantityPattern}, {"const": 0}}}
	}
	switch t.Kind() {
	case reflect.Struct:
		props := node{}
		for _, child := range fieldsOf(t) {
			props[child.name] = schemaOf(join(path, child.name), child)
		}
		return node{"type": "object", "properties": props, "additionalProperties": false}
	case reflect.Map:
		n := node{"type": "object", "additionalProperties": typeSchema(path, t.Elem(), field{})}
		if ids := namedSet(f.keys); len(ids) > 0 {
			n["propertyNames"] = node{"enum": ids}
		} else if f.keys == "env" {
			n["propertyNames"] = node{"pattern": envPattern}
		}
		return n
	case reflect.Slice:
		return node{"type": "array", "items": typeSchema(path, t.Elem(), f)}
	case reflect.Bool:
		// Pulumi writes what `config set` was given, which may be a text.
		return node{"enum": []any{true, false, "true", "false"}}
	case reflect.String:
		return textSchema(f)
	}
	return numberSchema(t, f)
}

// secretSchema takes Pulumi's encrypted form, and a webhook in plain text too.
func secretSchema(path string) node {
	encrypted := node{"type": "object", "properties": node{"secure": node{"type": "string"}}, "required": []string{"secure"}, "additionalProperties": false}
	if path != "alerts.webhook" {
		return encrypted
	}
	return node{"anyOf": []node{{"type": "string", "pattern": "^https://"}, encrypted}}
}

func textSchema(f field) node {
	switch {
	case len(f.enum) > 0:
		return node{"enum": f.enum}
	case f.pattern != "":
		return node{"type": "string", "pattern": f.pattern}
	case f.name == "":
		return node{"type": []string{"string", "number", "boolean"}}
	}
	return node{"type": "string"}
}

func numberSchema(t reflect.Type, f field) node {
	kind, pattern := "integer", wholePattern
	if t.Kind() == reflect.Float64 {
		kind, pattern = "number", numberPattern
	}
	if len(f.enum) > 0 {
		var values []any
		for _, e := range f.enum {
			values = append(values, json.Number(e), e)
		}
		return node{"enum": values}
	}
	n := node{"type": []string{kind, "string"}, "pattern": pattern}
	if f.min != "" {
		n["minimum"] = json.Number(f.min)
	}
	if f.max != "" {
		n["maximum"] = json.Number(f.max)
	}
	return n
}

// defaultText writes the rows of a key's default: later ones win.
func defaultText(path string) string {
	var parts []string
	for _, r := range defaults {
		if r.path != path {
			continue
		}
		text := quote(r.value)
		if _, isText := scalar(r.value).(string); !isText {
			text = r.value
		}
		var when []string
		for _, condition := range []string{strings.ReplaceAll(r.clouds, ",", "/"), string(r.tier), strings.ReplaceAll(r.strategies, ",", "/")} {
			if condition != "" {
				when = append(when, condition)
			}
		}
		if len(when) > 0 {
			text += " (" + strings.Join(when, ", ") + ")"
		}
		parts = append(parts, text)
	}
	for _, row := range derived {
		if row.path == path {
			parts = append(parts, row.text)
		}
	}
	return strings.Join(parts, "; ")
}

// constantDefault is a default that depends on nothing.
func constantDefault(path string) (any, bool) {
	i := slices.IndexFunc(defaults, func(r defaultRow) bool { return r.path == path })
	if i < 0 || strconv.Quote(defaults[i].value) != defaultText(path) && defaults[i].value != defaultText(path) {
		return nil, false
	}
	return scalar(defaults[i].value), true
}
