package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gopkg.in/yaml.v3"
)

// written checks the files that a configuration comes from as their author wrote them. Pulumi reads them with YAML's types before it
// hands them over, and what YAML has changed (1.10 into 1.1, 02142 into 1122, ~ into nothing) can't be told afterwards. It does nothing
// without Input.Root: Pulumi's own service may hold values that no file has.
// https://yaml.org/spec/1.2.2/#103-core-schema
func (d *decoder) written() error {
	if d.in.Root == "" {
		return nil
	}
	for _, file := range []string{"Pulumi.yaml", "Pulumi." + d.in.Stack + ".yaml"} {
		text, err := os.ReadFile(filepath.Join(d.in.Root, file))
		if errors.Is(err, fs.ErrNotExist) {
			continue // named by --config-file, or all of it is an environment's
		}
		if err != nil {
			return fmt.Errorf("reading the configuration: %w", err)
		}
		var doc struct {
			Config map[string]yaml.Node `yaml:"config"`
		}
		if err := yaml.Unmarshal(text, &doc); err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		for key, node := range doc.Config {
			d.writtenKey(key, &node, file == "Pulumi.yaml")
		}
	}
	return nil
}

// writtenKey checks one top-level key; in Pulumi.yaml its value may lie one level deeper.
func (d *decoder) writtenKey(key string, node *yaml.Node, project bool) {
	name, ours := strings.CutPrefix(key, d.in.Project+":")
	if !ours && strings.Contains(key, ":") {
		return
	}
	fields := fieldsOf(configType)
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return
	}
	if project && node.Kind == yaml.MappingNode {
		for k, v := range pairs(node) {
			if k.Value == "value" || k.Value == "default" {
				d.writtenValue(name, v, fields[i].typ)
			}
		}
		return
	}
	d.writtenValue(name, node, fields[i].typ)
}

// writtenValue checks a node by the type of the key that it is for. A wrong shape is the decoder's to report.
func (d *decoder) writtenValue(path string, node *yaml.Node, t reflect.Type) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch node.Kind {
	case yaml.MappingNode:
		for key, value := range pairs(node) {
			switch {
			case isSection(t):
				for _, f := range fieldsOf(t) {
					if f.name == key.Value {
						d.writtenValue(join(path, f.name), value, f.typ)
					}
				}
			case t.Kind() == reflect.Map:
				at := join(path, key.Value)
				d.writtenScalar(at, key, true)
				if kind := value.ShortTag(); kind == "!!null" && t.Elem().Kind() == reflect.String {
					d.nothing(at)
				}
				d.writtenValue(at, value, t.Elem())
			}
		}
	case yaml.SequenceNode:
		if t.Kind() == reflect.Slice {
			for i, item := range node.Content {
				d.writtenValue(fmt.Sprintf("%s[%d]", path, i), item, t.Elem())
			}
		}
	case yaml.ScalarNode:
		d.writtenScalar(path, node, t.Kind() == reflect.String)
	}
}

// pairs yields the keys and values of a mapping, those that it merges in too.
func pairs(node *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			if key.ShortTag() == "!!merge" && value.Kind == yaml.AliasNode && value.Alias.Kind == yaml.MappingNode {
				for k, v := range pairs(value.Alias) {
					if !yield(k, v) {
						return
					}
				}
				continue
			}
			if !yield(key, value) {
				return
			}
		}
	}
}

// oldOctal is a number that a reader takes for a decimal one and YAML's older rule for one of base 8.
var oldOctal = regexp.MustCompile(`^[-+]?0[0-9_]+$`)

// writtenScalar refuses what is another text once YAML has read it. Of numbers only those are refused that don't mean what they show.
func (d *decoder) writtenScalar(path string, node *yaml.Node, text bool) {
	if d.overridden(path) {
		return
	}
	made, changed := reread(node)
	switch {
	case !changed || !text && !oldOctal.MatchString(node.Value):
	case d.hides(path):
		d.bad(path, node.Value, "YAML makes something else of it", "the same in quotes", "")
	case text:
		d.report(problem{path: path, value: clip(node.Value), text: "YAML makes " + clip(made) + " of it: quote it", allowed: quote(clip(node.Value))})
	default:
		d.report(problem{path: path, value: clip(node.Value), text: "YAML makes " + clip(made) + " of it: write it without the leading 0"})
	}
}

// reread returns a scalar as a program gets it, and whether that is another text than was written.
func reread(node *yaml.Node) (string, bool) {
	switch node.ShortTag() {
	case "!!str", "!!null", "!!merge":
		return node.Value, false
	case "!!timestamp":
		return "a point in time", true
	}
	var value any
	if err := node.Decode(&value); err != nil {
		return "an error", true
	}
	made := fmt.Sprint(value)
	switch v := value.(type) {
	case float64:
		text, err := json.Marshal(v)
		if err != nil {
			return strconv.FormatFloat(v, 'g', -1, 64), true
		}
		made = string(text)
	case uint64, int64, int:
		// Pulumi's property values count in floats.
		n, _ := strconv.ParseFloat(made, 64)
		made = strconv.FormatFloat(n, 'f', 0, 64)
	}
	return made, made != node.Value
}

// overridden tells whether the command line has set a path, something above it or something below it.
func (d *decoder) overridden(path string) bool {
	return slices.ContainsFunc(d.in.Overrides, func(setting string) bool {
		key, _, _ := strings.Cut(setting, "=")
		parsed, err := resource.ParsePropertyPath(strings.TrimPrefix(key, d.in.Project+":"))
		if err != nil {
			return false
		}
		at := ""
		for _, step := range parsed {
			switch step := step.(type) {
			case string:
				at = join(at, step)
			case int:
				at += "[" + strconv.Itoa(step) + "]"
			}
		}
		return covers(at, path)
	})
}
