package simulate

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// call is one call of a function of a provider.
type call struct {
	cloud *Cloud
	token string
	args  resource.PropertyMap
	place likely.Place
}

// function computes what a function of a provider returns, beside its arguments.
type function func(call) (map[string]any, error)

// invoke answers a function from the tables. The program does not tell what a function returns, so one that no table has is an error.
func (c *Cloud) invoke(token string, args resource.PropertyMap, place likely.Place) (resource.PropertyMap, error) {
	table := map[string]map[string]function{"aws": awsFunctions, "azure-native": azureFunctions, "gcp": gcpFunctions, "docker": dockerFunctions}
	cloud, rest, _ := strings.Cut(token, ":")
	if cloud == "azure-native" {
		rest, _ = likely.AzureType(token)
	}
	f, ok := table[cloud][rest]
	if !ok {
		return nil, fmt.Errorf("simulated cloud: function %s is not simulated: add what it returns to cli/simulate/invoke_%s.go", token, strings.TrimSuffix(cloud, "-native"))
	}
	values, err := f(call{cloud: c, token: token, args: args, place: place})
	if err != nil {
		return nil, fmt.Errorf("simulated cloud: function %s: %w", token, err)
	}
	out := args.Copy()
	if _, given := out["id"]; !given {
		out["id"] = resource.NewProperty(likely.Thing{Token: token, URN: token}.ID())
	}
	for key, v := range values {
		out[resource.PropertyKey(key)] = resource.NewPropertyValue(v)
	}
	return c.settled(token, out), nil
}

// fixed is a function that returns the same for all arguments. Placeholders are those of likely's templates.
func fixed(values map[string]any) function {
	return func(c call) (map[string]any, error) {
		out := map[string]any{}
		for key, v := range values {
			out[key] = c.expand(v)
		}
		return out, nil
	}
}

func (c call) expand(v any) any {
	switch v := v.(type) {
	case string:
		return c.thing().Expand(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = c.expand(e)
		}
		return out
	}
	return v
}

// thing stands for what the function is asked about: the same arguments give the same values.
func (c call) thing() likely.Thing {
	var key strings.Builder
	for _, name := range c.args.StableKeys() {
		leaves(c.args[name], resource.PropertyPath{string(name)}, func(path resource.PropertyPath, text string) { key.WriteString(path.String() + "=" + text + "\n") })
	}
	return likely.Thing{Token: c.token, URN: c.token + "\n" + key.String(), Inputs: c.args, Place: c.place}
}

// text is an argument, or nothing.
func (c call) text(name string) string {
	if v := likely.Plain(c.args[resource.PropertyKey(name)]); v.IsString() {
		return v.StringValue()
	}
	return ""
}
