package main

import (
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"golang.org/x/crypto/bcrypt"

	"github.com/slipway-iac/slipway/tools/plugin"
)

// The classes of characters, with the names of the inputs that switch each class on and set its least number.
var classes = []struct{ on, least, characters string }{
	{"special", "minSpecial", "!@#$%&*()-_=+[]{}<>:?"},
	{"numeric", "minNumeric", "0123456789"},
	{"lower", "minLower", "abcdefghijklmnopqrstuvwxyz"},
	{"upper", "minUpper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
}

// bcryptLimit is the longest input that bcrypt takes, in bytes; a longer result is hashed by its beginning.
const bcryptLimit = 72

func characterFields() []plugin.Field {
	fields := []plugin.Field{
		{Name: "length", Kind: plugin.Integer, Required: true, Rule: atLeast(1)},
		{Name: "overrideSpecial", Kind: plugin.String},
		{Name: "keepers", Kind: plugin.Map},
		// The older name of numeric. It has no default here: whichever is given decides, see switchedOn.
		{Name: "number", Kind: plugin.Boolean},
		{Name: "numeric", Kind: plugin.Boolean},
	}
	for _, c := range classes {
		if c.on != "numeric" {
			fields = append(fields, plugin.Field{Name: c.on, Kind: plugin.Boolean, Default: true})
		}
		fields = append(fields, plugin.Field{Name: c.least, Kind: plugin.Integer, Default: 0.0, Rule: atLeast(0)})
	}
	return fields
}

func atLeast(least float64) func(resource.PropertyValue) string {
	return func(v resource.PropertyValue) string {
		if v.NumberValue() < least {
			return fmt.Sprintf("must be at least %v", least)
		}
		return ""
	}
}

func password() plugin.Resource {
	return plugin.Resource{
		Fields: characterFields(), Validate: validateCharacters,
		Outputs:       []string{"result", "bcryptHash", "number", "numeric"},
		SecretOutputs: []string{"result", "bcryptHash"},
		Create: func(in resource.PropertyMap) (string, resource.PropertyMap, error) {
			result, err := draw(in)
			if err != nil {
				return "", nil, err
			}
			hash, err := bcrypt.GenerateFromPassword([]byte(result)[:min(len(result), bcryptLimit)], bcrypt.DefaultCost)
			if err != nil {
				return "", nil, fmt.Errorf("hashing the password: %w", err)
			}
			out := characterOutputs(in, result)
			out["bcryptHash"] = resource.NewStringProperty(string(hash))
			return "none", out, nil
		},
	}
}

func text() plugin.Resource {
	return plugin.Resource{
		Fields: characterFields(), Validate: validateCharacters,
		Outputs: []string{"result", "number", "numeric"},
		Create: func(in resource.PropertyMap) (string, resource.PropertyMap, error) {
			result, err := draw(in)
			if err != nil {
				return "", nil, err
			}
			return result, characterOutputs(in, result), nil
		},
	}
}

func characterOutputs(in resource.PropertyMap, result string) resource.PropertyMap {
	numeric := resource.NewBoolProperty(switchedOn(in, "numeric"))
	return resource.PropertyMap{"result": resource.NewStringProperty(result), "numeric": numeric, "number": numeric}
}

func switchedOn(in resource.PropertyMap, class string) bool {
	if class == "numeric" {
		for _, key := range []resource.PropertyKey{"numeric", "number"} {
			if v, ok := in[key]; ok {
				return v.BoolValue()
			}
		}
		return true
	}
	return in[resource.PropertyKey(class)].BoolValue()
}

func validateCharacters(in resource.PropertyMap) []plugin.Failure {
	var failures []plugin.Failure
	sum, any := 0.0, false
	for _, c := range classes {
		least := in[resource.PropertyKey(c.least)].NumberValue()
		sum += least
		any = any || least > 0 || switchedOn(in, c.on)
	}
	if length := in["length"].NumberValue(); sum > length {
		failures = append(failures, plugin.Failure{Property: "length", Reason: fmt.Sprintf(
			"(%v) must not be less than minLower + minUpper + minNumeric + minSpecial (%v)", length, sum)})
	}
	if !any {
		failures = append(failures, plugin.Failure{
			Property: "lower", Reason: "or one of upper, numeric and special must be true",
		})
	}
	number, hasNumber := in["number"]
	numeric, hasNumeric := in["numeric"]
	if hasNumber && hasNumeric && !number.DeepEquals(numeric) {
		failures = append(failures, plugin.Failure{Property: "number", Reason: "is the older name of numeric: both are given and differ"})
	}
	return failures
}

// draw picks the least number of each class first, the rest from all classes that are on, and then shuffles.
func draw(in resource.PropertyMap) (string, error) {
	var all string
	var result []byte
	for _, c := range classes {
		characters := c.characters
		if v, ok := in["overrideSpecial"]; ok && c.on == "special" && v.StringValue() != "" {
			characters = v.StringValue()
		}
		if switchedOn(in, c.on) {
			all += characters
		}
		picked, err := pick(characters, int(in[resource.PropertyKey(c.least)].NumberValue()))
		if err != nil {
			return "", err
		}
		result = append(result, picked...)
	}
	rest, err := pick(all, int(in["length"].NumberValue())-len(result))
	if err != nil {
		return "", err
	}
	result = append(result, rest...)
	for i := len(result) - 1; i > 0; i-- {
		j, err := below(i + 1)
		if err != nil {
			return "", err
		}
		result[i], result[j] = result[j], result[i]
	}
	return string(result), nil
}

func pick(characters string, n int) ([]byte, error) {
	if n > 0 && characters == "" {
		return nil, fmt.Errorf("no class of characters is switched on for %d of the characters", n)
	}
	picked := make([]byte, 0, max(n, 0))
	for range n {
		i, err := below(len(characters))
		if err != nil {
			return nil, err
		}
		picked = append(picked, characters[i])
	}
	return picked, nil
}

func below(n int) (int, error) {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0, fmt.Errorf("drawing a random number: %w", err)
	}
	return int(i.Int64()), nil
}
