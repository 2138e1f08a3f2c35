package stacks

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/stacks/release"
)

// Input is what Load reads: a stack's configuration as the Pulumi engine hands
// it to a program, before anything has been checked.
type Input struct {
	// Project is the Pulumi project's name. Its namespace is the only one read:
	// after `pulumi new` the project is called something else than slipway.
	Project string
	// Stack is the stack's name, for messages.
	Stack string
	// Values maps full keys ("slipway:app") to their text; objects and arrays are
	// JSON. Keys of other namespaces (aws:region) are left alone.
	Values map[string]string
	// SecretKeys lists the full keys that hold an encrypted value at any depth.
	// No error shows the value of such a key or of anything under it.
	SecretKeys []string
	// Root is the absolute path of Pulumi.yaml's folder, whose files Load then checks as they are written. Empty: it reads none.
	Root string
	// Overrides are the settings of the command line that Values holds already, as given to ApplyOverrides.
	Overrides []string
	// Transition is the change of the release that the run is for. Nil for an update that moves no traffic.
	Transition *release.Transition
	// Exports, if not nil, learns the outputs of the run.
	Exports *Exports
	// Simulated says that nothing outside answers: no cloud, and no network.
	Simulated bool
}

// InputFromEnv decodes the environment that the language host gives a program
// (PULUMI_PROJECT, PULUMI_STACK, PULUMI_CONFIG, PULUMI_CONFIG_SECRET_KEYS);
// getenv usually is os.Getenv. It sees every key, unknown ones too. It fails if
// one of the variables isn't the JSON it should be, without quoting it.
//
// An inline program (Automation API) has no such environment. Its driver fills
// an Input from auto.Stack.GetAllConfig instead: each entry's Value goes to
// Values, its key to SecretKeys if the entry is Secret.
func InputFromEnv(getenv func(string) string) (Input, error) {
	in := Input{Project: getenv(pulumi.EnvProject), Stack: getenv(pulumi.EnvStack)}
	if text := getenv(pulumi.EnvConfig); text != "" {
		if json.Unmarshal([]byte(text), &in.Values) != nil {
			return Input{}, fmt.Errorf("%s is not a JSON object of strings", pulumi.EnvConfig)
		}
	}
	if text := getenv(pulumi.EnvConfigSecretKeys); text != "" {
		if json.Unmarshal([]byte(text), &in.SecretKeys) != nil {
			return Input{}, fmt.Errorf("%s is not a JSON array of strings", pulumi.EnvConfigSecretKeys)
		}
	}
	return in, nil
}

// InputFromContext takes the configuration from a running program. A program
// that the language host started is read from its environment, so that unknown
// keys are seen. In an inline program the context answers only for keys it is
// asked for, so an unknown top-level key goes unnoticed there: drivers of inline
// programs should rather hand over an Input of their own (see InputFromEnv).
func InputFromContext(ctx *pulumi.Context) (Input, error) {
	in, err := InputFromEnv(os.Getenv)
	if err != nil {
		return Input{}, err
	}
	// A variable inherited from another Pulumi program belongs to another stack.
	if in.Values != nil && in.Project == ctx.Project() && in.Stack == ctx.Stack() {
		return in, nil
	}
	in = Input{Project: ctx.Project(), Stack: ctx.Stack(), Values: map[string]string{}}
	for _, f := range fieldsOf(configType) {
		key := in.Project + ":" + f.name
		if v, ok := ctx.GetConfig(key); ok {
			in.Values[key] = v
		}
		if ctx.IsConfigSecret(key) {
			in.SecretKeys = append(in.SecretKeys, key)
		}
	}
	return in, nil
}

func (in Input) isSecret(section string) bool {
	return slices.Contains(in.SecretKeys, in.Project+":"+section)
}
