package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"

	"github.com/slipway-iac/slipway/stacks"
)

// Configuration is a stack's, read without the key to its secrets: whoever opens a pull request from a fork has none.
type Configuration struct {
	// Input is the project's own namespace. Every secret is a placeholder.
	Input stacks.Input
	// Other are the plain values of other namespaces.
	Other map[string]string
	// Concealed are the keys whose encrypted values were replaced.
	Concealed []string
}

// The placeholders of secrets, of the form that the key takes. The domain can't exist: https://www.rfc-editor.org/rfc/rfc2606
const (
	secretPlaceholder  = "simulated"
	addressPlaceholder = "https://simulated.invalid/"
	emailPlaceholder   = "simulated@simulated.invalid"
)

// Configure reads Pulumi.yaml and the stack's file below root, with settings of the command line on top. Nothing is decrypted: a
// placeholder stands for every encrypted value, and for every value of a key that holds secrets.
func Configure(root, stack string, overrides []string) (Configuration, error) {
	return ConfigureFrom(root, stack, filepath.Join(root, "Pulumi."+stack+".yaml"), overrides)
}

// ConfigureFrom is Configure with another file than the stack's own.
func ConfigureFrom(root, stack, file string, overrides []string) (Configuration, error) {
	c := Configuration{Other: map[string]string{}}
	project, err := workspace.LoadProject(filepath.Join(root, "Pulumi.yaml"))
	if err != nil {
		return c, fmt.Errorf("reading the project: %w", err)
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("there is no %s: make one, or choose another stack with -s", filepath.Base(file))
	}
	sink := diag.DefaultSink(io.Discard, io.Discard, diag.FormatOptions{Color: colors.Never})
	settings, err := workspace.LoadProjectStack(sink, project, file)
	if err != nil {
		return c, fmt.Errorf("reading the stack's file: %w", err)
	}
	name := project.Name.String()
	c.Input = stacks.Input{Project: name, Stack: stack, Root: root, Overrides: overrides, Values: map[string]string{}, Simulated: true}
	for key, value := range settings.Config {
		if err := c.take(key, value); err != nil {
			return c, err
		}
	}
	if err := c.fill(name, project.Config); err != nil {
		return c, err
	}
	if c.Input.Values, err = stacks.ApplyOverrides(c.Input.Values, name, overrides); err != nil {
		return c, err
	}
	for key, value := range c.Input.Values {
		if !strings.HasPrefix(key, name+":") {
			delete(c.Input.Values, key)
			c.Other[key] = value
		}
	}
	slices.Sort(c.Concealed)
	slices.Sort(c.Input.SecretKeys)
	return c, c.conceal()
}

// take notes one key of the stack's file.
func (c *Configuration) take(key config.Key, value config.Value) error {
	full := key.Namespace() + ":" + key.Name()
	text, err := value.Value(config.NopDecrypter)
	if err != nil {
		return fmt.Errorf("reading the configuration key %s: %w", full, err)
	}
	ours := key.Namespace() == c.Input.Project
	switch {
	case value.Secure() && !ours:
		c.Concealed = append(c.Concealed, full)
		return nil
	case value.Object():
		var tree any
		numbers := json.NewDecoder(strings.NewReader(text))
		numbers.UseNumber() // they stay as they are written
		if err := numbers.Decode(&tree); err != nil {
			return fmt.Errorf("reading the configuration key %s: %w", full, err)
		}
		out, err := json.Marshal(c.decrypted(tree, full))
		if err != nil {
			return fmt.Errorf("reading the configuration key %s: %w", full, err)
		}
		text = string(out)
	case value.Secure():
		// Encrypted as a whole: not even the names inside are known.
		c.Concealed = append(c.Concealed, full)
		text = "{}"
	}
	if value.Secure() {
		c.Input.SecretKeys = append(c.Input.SecretKeys, full)
	}
	c.Input.Values[full] = text
	return nil
}

// decrypted puts a placeholder where an object has a ciphertext.
func (c *Configuration) decrypted(v any, path string) any {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["secure"].(string); ok && len(v) == 1 {
			c.Concealed = append(c.Concealed, path)
			return placeholder(path)
		}
		for key, e := range v {
			v[key] = c.decrypted(e, path+"."+key)
		}
	case []any:
		for i, e := range v {
			v[i] = c.decrypted(e, fmt.Sprintf("%s[%d]", path, i))
		}
	}
	return v
}

func placeholder(path string) string {
	switch {
	case strings.Contains(path, "webhook"):
		return addressPlaceholder
	case strings.Contains(path, "emails"):
		return emailPlaceholder
	}
	return secretPlaceholder
}

// fill adds what Pulumi.yaml gives and the stack's file doesn't.
func (c *Configuration) fill(project string, schema map[string]workspace.ProjectConfigType) error {
	for _, key := range slices.Sorted(maps.Keys(schema)) {
		full := key
		if !strings.Contains(key, ":") {
			full = project + ":" + key
		}
		value := schema[key].Value
		if value == nil {
			value = schema[key].Default
		}
		if _, given := c.Input.Values[full]; given || value == nil || strings.HasPrefix(full, "pulumi:") {
			continue
		}
		text, ok := value.(string)
		if !ok {
			out, err := json.Marshal(value)
			if err != nil {
				return fmt.Errorf("reading the default of %s: %w", key, err)
			}
			text = string(out)
		}
		c.Input.Values[full] = text
	}
	return nil
}

// conceal replaces secrets that came in plain text: from the command line, or a webhook that nobody encrypted.
func (c *Configuration) conceal() error {
	for section, hide := range map[string]func(map[string]any){
		"secrets": func(all map[string]any) {
			for name, value := range all {
				if value != "" {
					all[name] = secretPlaceholder
				}
			}
		},
		"alerts": func(all map[string]any) {
			if text, ok := all["webhook"].(string); ok && strings.HasPrefix(text, "https://") {
				all["webhook"] = addressPlaceholder
			}
		},
	} {
		full := c.Input.Project + ":" + section
		var all map[string]any
		if json.Unmarshal([]byte(c.Input.Values[full]), &all) != nil || len(all) == 0 {
			continue // the configuration's own check says what is wrong
		}
		hide(all)
		out, err := json.Marshal(all)
		if err != nil {
			return fmt.Errorf("concealing %s: %w", section, err)
		}
		c.Input.Values[full] = string(out)
	}
	return nil
}
