package componentstest

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Leaf is one value inside the inputs of a resource.
type Leaf struct {
	// Path leads to it: uploads[0].content.
	Path string
	// Rows is Path with every index replaced by a star: uploads[*].content.
	Rows string
	// Value is a text, a number or a truth value.
	Value any
	// Secret tells whether it, or something it lies in, is marked as a secret.
	Secret bool
}

// Text returns the value as text.
func (l Leaf) Text() string { return fmt.Sprint(l.Value) }

// Leaves lists the values inside the inputs of a resource.
func (r Resource) Leaves() []Leaf {
	var all []Leaf
	walk(resource.NewProperty(r.Inputs), "", "", false, func(l Leaf) { all = append(all, l) })
	return all
}

// At returns the values at a path in which a star stands for every index. It is empty if there is none.
func (r Resource) At(rows string) []any {
	var out []any
	for _, l := range r.Leaves() {
		if l.Rows == rows {
			out = append(out, l.Value)
		}
	}
	return out
}

func walk(v resource.PropertyValue, path, rows string, secret bool, visit func(Leaf)) {
	switch {
	case v.IsSecret():
		walk(v.SecretValue().Element, path, rows, true, visit)
	case v.IsOutput():
		walk(v.OutputValue().Element, path, rows, secret || v.OutputValue().Secret, visit)
	case v.IsObject():
		for _, k := range v.ObjectValue().StableKeys() {
			walk(v.ObjectValue()[k], strings.TrimPrefix(path+"."+string(k), "."), strings.TrimPrefix(rows+"."+string(k), "."), secret, visit)
		}
	case v.IsArray():
		for i, e := range v.ArrayValue() {
			walk(e, fmt.Sprintf("%s[%d]", path, i), rows+"[*]", secret, visit)
		}
	case v.IsString() || v.IsNumber() || v.IsBool():
		visit(Leaf{Path: path, Rows: rows, Value: v.V, Secret: secret})
	}
}
