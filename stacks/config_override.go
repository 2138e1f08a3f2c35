package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// ApplyOverrides returns values with command-line settings on top: each kv is
// key=value, the key a dotted path as `pulumi config set --path` takes it
// (app.replicas.min=3, alerts.emails[0]=a@b.example, app.env["A.B"]=x), with or
// without the project's namespace. Numbers, true, false, null, quoted texts,
// objects and lists are read as JSON, all else is text; null removes the key, so
// that its default holds again. A key of another namespace (aws:region=…) is set
// as it stands. values isn't changed. The error lists every setting that can't
// be made, without its value. Load checks the result.
func ApplyOverrides(values map[string]string, project string, kv []string) (map[string]string, error) {
	out := maps.Clone(values)
	if out == nil {
		out = map[string]string{}
	}
	var errs []error
	for _, setting := range kv {
		key, text, ok := strings.Cut(setting, "=")
		if !ok || key == "" {
			errs = append(errs, errors.New("a setting must be key=value, such as app.replicas.min=3"))
			continue
		}
		if err := override(out, project, key, text); err != nil {
			errs = append(errs, fmt.Errorf("setting %s: %w", key, err))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return out, nil
}

func override(values map[string]string, project, key, text string) error {
	key = strings.TrimPrefix(key, project+":")
	head, _, _ := strings.Cut(key, "[")
	if strings.Contains(head, ":") {
		values[key] = text
		return nil
	}
	path, err := resource.ParsePropertyPath(key)
	if err != nil {
		return errors.New("not a key path such as app.replicas.min")
	}
	top, ok := path[0].(string)
	if !ok {
		return errors.New("a key path starts with a name")
	}
	full, value := project+":"+top, scalar(text)
	if len(path) == 1 {
		return store(values, full, value)
	}
	var root any
	if old := values[full]; old != "" {
		if root, ok = parseJSON(old); !ok {
			return fmt.Errorf("%s holds a text, not an object", top)
		}
	}
	if root, err = put(root, path[1:], value); err != nil {
		return err
	}
	return store(values, full, root)
}

// store writes a top-level value the way Pulumi hands it to a program.
func store(values map[string]string, full string, value any) error {
	if value == nil {
		delete(values, full)
		return nil
	}
	if text, ok := plain(value); ok {
		values[full] = text
		return nil
	}
	text, err := json.Marshal(value)
	values[full] = string(text)
	return err
}

// put sets, adds or (for null) removes the value at path and returns the new root.
func put(root any, path resource.PropertyPath, value any) (any, error) {
	if len(path) == 0 {
		return value, nil
	}
	switch at := path[0].(type) {
	case string:
		if root == nil {
			root = map[string]any{}
		}
		m, ok := root.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%q is not in an object", at)
		}
		child, err := put(m[at], path[1:], value)
		m[at] = child
		if child == nil {
			delete(m, at)
		}
		return m, err
	case int:
		items, ok := root.([]any)
		if root != nil && !ok || at < 0 || at > len(items) {
			return nil, fmt.Errorf("no item %d: items are added one after the other, from 0", at)
		}
		if at == len(items) {
			items = append(items, nil)
		}
		child, err := put(items[at], path[1:], value)
		items[at] = child
		if child == nil {
			items = slices.Delete(items, at, at+1)
		}
		return items, err
	}
	return nil, errors.New("not a key path such as app.replicas.min")
}
