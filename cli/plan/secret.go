package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/simulate"
)

// A secret in a state is an object with a signature, and with plain text or ciphertext as JSON.
const (
	secretKey = resource.SigKey
	plaintext = "plaintext"
	encrypted = "ciphertext"
)

var masked = regexp.MustCompile(`^\[simulated secret ([0-9a-f]{12})\]$`)

// fingerprint tells two simulated secrets apart. It gives nothing away: no secret in a simulation is a real one.
func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

func isSecret(m map[string]any) bool { return m[secretKey] == resource.SecretSig }

// mask replaces the texts in every secret of a value by a mark. The file stays one that Pulumi can read.
func mask(v any) (any, error) {
	return secrets(v, "", func(_, text string) string {
		if masked.MatchString(text) {
			return text
		}
		return "[simulated secret " + fingerprint(text) + "]"
	}, func(string) (any, error) { return simulate.UnreadableSecret(), nil })
}

// secrets changes the texts in every secret of a value, and replaces every secret that can't be read. Paths lead to the value.
func secrets(v any, path string, change func(path, text string) string, decrypt func(path string) (any, error)) (any, error) {
	var err error
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			if v[i], err = secrets(e, fmt.Sprintf("%s[%d]", path, i), change, decrypt); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		if isSecret(v) {
			return secret(v, path, change, decrypt)
		}
		for key, e := range v {
			if v[key], err = secrets(e, path+"."+key, change, decrypt); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func secret(v map[string]any, path string, change func(path, text string) string, decrypt func(path string) (any, error)) (any, error) {
	var value any
	text, readable := v[plaintext].(string)
	if readable {
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return nil, fmt.Errorf("the secret at %s is not JSON", path)
		}
		value = inside(value, path, change)
	} else {
		var err error
		if value, err = decrypt(path); err != nil {
			return nil, err
		}
	}
	out, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("writing the secret at %s: %w", path, err)
	}
	return map[string]any{secretKey: resource.SecretSig, plaintext: string(out)}, nil
}

// inside changes the texts of a secret's value. A secret in it is one of its texts.
func inside(v any, path string, change func(path, text string) string) any {
	if m, ok := v.(map[string]any); ok && isSecret(m) {
		text, _ := m[plaintext].(string)
		if json.Unmarshal([]byte(text), &v) != nil {
			v = text
		}
	}
	switch v := v.(type) {
	case string:
		return change(path, v)
	case []any:
		for i, e := range v {
			v[i] = inside(e, fmt.Sprintf("%s[%d]", path, i), change)
		}
	case map[string]any:
		for key, e := range v {
			v[key] = inside(e, path+"."+key, change)
		}
	}
	return v
}

// plain returns the secrets of a state with their marks, and the value of each secret by resource and path.
func plain(d *apitype.DeploymentV3) (byMark map[string]string, byPath map[string]any, err error) {
	byMark, byPath = map[string]string{}, map[string]any{}
	for _, r := range d.Resources {
		for part, m := range map[string]map[string]any{"inputs": r.Inputs, "outputs": r.Outputs} {
			if err := collect(m, string(r.URN)+" "+part, byMark, byPath); err != nil {
				return nil, nil, err
			}
		}
	}
	return byMark, byPath, nil
}

func collect(v any, path string, byMark map[string]string, byPath map[string]any) error {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			if err := collect(e, fmt.Sprintf("%s[%d]", path, i), byMark, byPath); err != nil {
				return err
			}
		}
	case map[string]any:
		text, readable := v[plaintext].(string)
		if isSecret(v) && readable {
			var value any
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				return fmt.Errorf("the secret at %s is not JSON", path)
			}
			byPath[path] = inside(value, path, func(_, text string) string { byMark[fingerprint(text)] = text; return text })
			return nil
		}
		for key, e := range v {
			if err := collect(e, path+"."+key, byMark, byPath); err != nil {
				return err
			}
		}
	}
	return nil
}

// prepare makes a state that was read from a file one that the engine can go on from, so that it finds what differs: simulated
// secrets get their values back where they are the same as in now, the simulated state of the program as it is. Real ones, which
// nobody can read here, are taken for unchanged.
func prepare(base, now *apitype.DeploymentV3, root string) (*apitype.DeploymentV3, error) {
	out, err := duplicate(base)
	if err != nil {
		return nil, err
	}
	byMark, byPath, err := plain(now)
	if err != nil {
		return nil, err
	}
	unmask := func(_, text string) string {
		if m := masked.FindStringSubmatch(text); m != nil {
			if value, ok := byMark[m[1]]; ok {
				return value
			}
		}
		return text
	}
	for i := range out.Resources {
		r := &out.Resources[i]
		r.Protect = false // it would end the comparison: what is protected is told otherwise
		for part, m := range map[string]*map[string]any{"inputs": &r.Inputs, "outputs": &r.Outputs} {
			err := each(m, func(v any) (any, error) {
				return secrets(texts(v, projectMark, root), string(r.URN)+" "+part, unmask, func(path string) (any, error) {
					// Other resources are computed from outputs: those need a value of the right type.
					if value, ok := byPath[path]; ok && part == "outputs" {
						return value, nil
					}
					return simulate.UnreadableSecret(), nil
				})
			})
			if err != nil {
				return nil, fmt.Errorf("reading the secrets of %s: %w", r.URN, err)
			}
		}
		r.ID = resource.ID(texts(string(r.ID), projectMark, root).(string))
	}
	out.SecretsProviders, out.PendingOperations = nil, nil
	if base.Manifest.Time.IsZero() {
		complete(out, now)
	}
	return out, nil
}

// complete adds to a simulated state the outputs that a simulation of today makes up and the one of then did not: the program computes from
// them. Those of a real state are what they are.
func complete(base, now *apitype.DeploymentV3) {
	today := familyOf(now)
	for i := range base.Resources {
		r := &base.Resources[i]
		if like, ok := today[r.URN]; ok && like.Type == r.Type && r.Outputs != nil {
			r.Outputs, _ = filled(r.Outputs, like.Outputs).(map[string]any)
		}
	}
}

// filled is a value with what it lacks of another one.
func filled(v, like any) any {
	switch v := v.(type) {
	case map[string]any:
		more, ok := like.(map[string]any)
		if !ok || isSecret(v) || isSecret(more) {
			return v
		}
		for key, e := range more {
			if own, has := v[key]; has {
				v[key] = filled(own, e)
			} else {
				v[key] = e
			}
		}
		return v
	case []any:
		more, ok := like.([]any)
		for i := range v {
			if ok && i < len(more) {
				v[i] = filled(v[i], more[i])
			}
		}
		return v
	case nil:
		return like
	}
	return v
}
