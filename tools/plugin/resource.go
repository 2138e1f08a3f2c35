package plugin

import (
	"fmt"
	"sort"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Kind is the type of a Field.
type Kind string

// The kinds of input that a Field can be.
const (
	String  Kind = "string"
	Integer Kind = "whole number"
	Boolean Kind = "boolean"
	Strings Kind = "list of strings"
	Map     Kind = "map of strings"
	Object  Kind = "map of properties"
)

// Field is one input property of a resource.
type Field struct {
	Name string
	Kind Kind
	// Required inputs must be given.
	Required bool
	// Default is used where an optional input is left out; a nil default leaves it out.
	Default any
	// Secret inputs are marked secret even when the program gave them in plain.
	Secret bool
	// InPlace inputs change without a replacement of the resource.
	InPlace bool
	// Rule says what is wrong with a known value of the right kind, or nothing. Optional.
	Rule func(resource.PropertyValue) string
	// Fields of an Object.
	Fields []Field
}

// Failure is one thing wrong with the inputs: the property's path and why.
type Failure struct{ Property, Reason string }

// Resource is a type of resource whose outputs are computed once, at creation, and kept until an input changes.
type Resource struct {
	Fields []Field
	// Validate looks at inputs that were found right one by one and are all known. Optional.
	Validate func(inputs resource.PropertyMap) []Failure
	// Create computes the id and the outputs. Inputs that have no output of the same name are echoed. The values it
	// gets hold no secrets or unknowns.
	Create func(inputs resource.PropertyMap) (id string, outputs resource.PropertyMap, err error)
	// SecretOutputs are marked secret in the state.
	SecretOutputs []string
	// Outputs are the names of all that Create computes: they are unknown in a preview.
	Outputs []string
	// Stale names an output for whose sake the resource must be replaced although no input changed, or nothing.
	// Optional.
	Stale func(state, inputs resource.PropertyMap) string
	// Refresh recomputes outputs that change with time, from what is in the state. Optional.
	Refresh func(state resource.PropertyMap) resource.PropertyMap
}

// check fills in defaults and reports all that is wrong with the inputs. Unknown values pass: they are checked again
// once they are known.
func (r Resource) check(news resource.PropertyMap) (resource.PropertyMap, []Failure) {
	inputs, failures, known := checkFields("", r.Fields, news)
	if len(failures) == 0 && known && r.Validate != nil {
		failures = r.Validate(plain(inputs))
	}
	return inputs, failures
}

func checkFields(path string, fields []Field, news resource.PropertyMap) (resource.PropertyMap, []Failure, bool) {
	inputs, known := resource.PropertyMap{}, true
	var failures []Failure
	names := map[resource.PropertyKey]bool{}
	for _, f := range fields {
		key := resource.PropertyKey(f.Name)
		names[key] = true
		given, has := news[key]
		if !has || given.IsNull() {
			switch {
			case f.Required:
				failures = append(failures, Failure{path + f.Name, "is required"})
			case f.Default != nil:
				inputs[key] = resource.NewPropertyValue(f.Default)
			}
			continue
		}
		value, wrong, isKnown := f.check(path, given)
		inputs[key], failures, known = value, append(failures, wrong...), known && isKnown
	}
	for key := range news {
		if !names[key] && key != "__defaults" {
			failures = append(failures, Failure{path + string(key), "is not a property of this resource"})
		}
	}
	sort.Slice(failures, func(i, j int) bool { return failures[i].Property < failures[j].Property })
	return inputs, failures, known
}

func (f Field) check(path string, given resource.PropertyValue) (resource.PropertyValue, []Failure, bool) {
	if given.ContainsUnknowns() {
		return given, nil, false
	}
	value := plainValue(given)
	if !f.Kind.holds(value) {
		return given, []Failure{{path + f.Name, fmt.Sprintf("must be a %s", f.Kind)}}, true
	}
	if f.Kind == Object {
		inner, failures, known := checkFields(path+f.Name+".", f.Fields, value.ObjectValue())
		given = keepSecret(given, resource.NewObjectProperty(inner))
		return given, failures, known
	}
	if f.Rule != nil {
		if wrong := f.Rule(value); wrong != "" {
			return given, []Failure{{path + f.Name, wrong}}, true
		}
	}
	if f.Secret && !given.IsSecret() {
		given = resource.MakeSecret(given)
	}
	return given, nil, true
}

func (k Kind) holds(v resource.PropertyValue) bool {
	switch k {
	case String:
		return v.IsString()
	case Integer:
		return v.IsNumber() && v.NumberValue() == float64(int64(v.NumberValue()))
	case Boolean:
		return v.IsBool()
	case Strings:
		if !v.IsArray() {
			return false
		}
		for _, e := range v.ArrayValue() {
			if !e.IsString() {
				return false
			}
		}
		return true
	case Map:
		if !v.IsObject() {
			return false
		}
		for _, e := range v.ObjectValue() {
			if !e.IsString() {
				return false
			}
		}
		return true
	default:
		return v.IsObject()
	}
}

func keepSecret(old, value resource.PropertyValue) resource.PropertyValue {
	if old.IsSecret() {
		return resource.MakeSecret(value)
	}
	return value
}

// plain returns the properties without their secret markers.
func plain(m resource.PropertyMap) resource.PropertyMap {
	return plainValue(resource.NewObjectProperty(m)).ObjectValue()
}

func plainValue(v resource.PropertyValue) resource.PropertyValue {
	switch {
	case v.IsSecret():
		return plainValue(v.SecretValue().Element)
	case v.IsOutput():
		if !v.OutputValue().Known {
			return resource.MakeComputed(resource.NewStringProperty(""))
		}
		return plainValue(v.OutputValue().Element)
	case v.IsArray():
		out := make([]resource.PropertyValue, 0, len(v.ArrayValue()))
		for _, e := range v.ArrayValue() {
			out = append(out, plainValue(e))
		}
		return resource.NewArrayProperty(out)
	case v.IsObject():
		out := resource.PropertyMap{}
		for k, e := range v.ObjectValue() {
			out[k] = plainValue(e)
		}
		return resource.NewObjectProperty(out)
	default:
		return v
	}
}
