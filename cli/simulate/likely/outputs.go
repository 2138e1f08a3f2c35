package likely

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// deepest bounds the outputs of a type that holds itself.
const deepest = 6

// Kind is a type of resource as the program's SDK has it: the Go structs whose tags tell names and types.
type Kind struct {
	// Outputs is the struct of the resource, or a pointer to it. Default: there are no outputs but the inputs.
	Outputs reflect.Type
	// Inputs is the struct of its arguments; in it, what may be left out is a pointer, a list or a map. Default: not known.
	Inputs reflect.Type
}

// KindOf takes the types from what a program registers.
func KindOf(a *pulumi.ResourceTransformationArgs) Kind {
	k := Kind{Outputs: reflect.TypeOf(a.Resource)}
	if a.Props != nil {
		k.Inputs = a.Props.ElementType()
	}
	return k
}

// Input is the type of an input, or nil.
func (k Kind) Input(name string) reflect.Type {
	if k.Inputs == nil || k.Inputs.Kind() != reflect.Struct {
		return nil
	}
	for i := range k.Inputs.NumField() {
		if f := k.Inputs.Field(i); f.Tag.Get("pulumi") == name {
			return f.Type
		}
	}
	return nil
}

// Outputs are all outputs of the resource: an input is an output too, and the rest is made up. Lists and maps that the program could
// have given, and didn't, stay empty.
func (t Thing) Outputs(k Kind) resource.PropertyMap {
	state := t.Inputs.Copy()
	delete(state, "__defaults")
	kind := k.Outputs
	for kind != nil && kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	if kind == nil || kind.Kind() != reflect.Struct {
		return state
	}
	for i := range kind.NumField() {
		f := kind.Field(i)
		output, ok := reflect.Zero(f.Type).Interface().(pulumi.Output)
		key := resource.PropertyKey(f.Tag.Get("pulumi"))
		if !ok || key == "" {
			continue
		}
		v, given := state[key]
		if compute := special(t.Token, string(key)); compute != nil && !given {
			v = compute(t)
		} else if input := k.Input(string(key)); !given && input != nil && several(input) {
			continue
		} else {
			v = t.complete(v, output.ElementType(), string(key), deepest)
		}
		if !v.IsNull() {
			state[key] = v
		}
	}
	return state
}

// several tells whether a type holds any number of values, so also none.
func several(kind reflect.Type) bool {
	return kind.Kind() == reflect.Slice || kind.Kind() == reflect.Map
}

// complete makes up a value of a type, or what is missing in one. What is optional is left out, as providers do, unless Azure
// fills it in.
func (t Thing) complete(v resource.PropertyValue, kind reflect.Type, path string, left int) resource.PropertyValue {
	switch {
	case left == 0:
		return v
	case v.IsSecret():
		return resource.MakeSecret(t.complete(v.SecretValue().Element, kind, path, left))
	case kind.Kind() == reflect.Pointer:
		if v.IsNull() && !t.fills(kind, path) {
			return v
		}
		return t.complete(v, kind.Elem(), path, left)
	case v.IsObject() && kind.Kind() == reflect.Struct:
		return t.object(v.ObjectValue().Copy(), kind, path, left, true)
	case v.IsArray() && kind.Kind() == reflect.Slice:
		all := make([]resource.PropertyValue, len(v.ArrayValue()))
		for i, e := range v.ArrayValue() {
			all[i] = t.complete(e, kind.Elem(), fmt.Sprintf("%s[%d]", path, i), left-1)
		}
		return resource.NewProperty(all)
	case !v.IsNull():
		return v
	}
	return t.makeUp(kind, path, left)
}

func (t Thing) makeUp(kind reflect.Type, path string, left int) resource.PropertyValue {
	property := path[strings.LastIndex(path, ".")+1:]
	switch kind.Kind() {
	case reflect.String:
		return resource.NewProperty(t.Text(path))
	case reflect.Bool:
		return resource.NewProperty(false)
	case reflect.Int, reflect.Float64:
		return resource.NewProperty(t.Number(property))
	case reflect.Slice:
		if kind.Elem().Kind() == reflect.Interface {
			return resource.NewProperty([]resource.PropertyValue{})
		}
		if v := t.complete(resource.NewNullProperty(), kind.Elem(), path+"[0]", left-1); !v.IsNull() {
			return resource.NewProperty([]resource.PropertyValue{v})
		}
	case reflect.Map:
		if Follows(t.Token, property) { // the only such maps
			return t.labels(property)
		}
		if v := t.complete(resource.NewNullProperty(), kind.Elem(), path+".key", left-1); !v.IsNull() {
			return resource.NewProperty(resource.PropertyMap{"key": v})
		}
	case reflect.Struct:
		return t.object(resource.PropertyMap{}, kind, path, left, false)
	}
	return resource.NewNullProperty()
}

// object completes an object. In one that the program gave, lists and maps are not added.
func (t Thing) object(m resource.PropertyMap, kind reflect.Type, path string, left int, given bool) resource.PropertyValue {
	for i := range kind.NumField() {
		tag := kind.Field(i).Tag.Get("pulumi")
		if _, ok := m[resource.PropertyKey(tag)]; tag == "" || !ok && given && several(kind.Field(i).Type) {
			continue
		}
		if v := t.complete(m[resource.PropertyKey(tag)], kind.Field(i).Type, path+"."+tag, left-1); !v.IsNull() {
			m[resource.PropertyKey(tag)] = v
		}
	}
	return resource.NewProperty(m)
}

// Follows tells whether an output follows from inputs, so that an update in place can change it.
func Follows(token, property string) bool {
	if property == "tagsAll" || property == "effectiveLabels" || property == "pulumiLabels" {
		return true
	}
	return special(token, property) != nil
}

// azureFills are the optional properties that Azure itself fills in: its SDK does not tell them from inputs.
var azureFills = regexp.MustCompile(`(?i)(uri|fqdn|hostname|endpoint|ipaddress|customerid|defaultdomain|principalid|clientid|tenantid|validationtoken|withversion|location)$`)

// fills tells whether something optional has a value all the same. In a list that is only an output the SDK of AWS has nothing but
// optional fields; those with a form of their own are there.
func (t Thing) fills(kind reflect.Type, path string) bool {
	_, own := t.forms()[index.ReplaceAllString(path, "[*]")]
	if t.cloud() != "azure-native" {
		return own && strings.Contains(path, "[")
	}
	return own || kind.Elem().Kind() == reflect.String && azureFills.MatchString(path)
}

// labels are what a resource carries in the end: its own, as no provider here has defaults.
func (t Thing) labels(property string) resource.PropertyValue {
	for _, own := range []resource.PropertyKey{"tags", "labels"} {
		if v, ok := t.Inputs[own]; ok && (own == "tags") == (property == "tagsAll") {
			return v
		}
	}
	return resource.NewProperty(resource.PropertyMap{})
}

// Number is the value of a number.
func (t Thing) Number(property string) float64 {
	switch {
	case property == "exitCode":
		return 0
	case property == "port" && regexp.MustCompile(`(?i)redis|elasticache|cache`).MatchString(t.Token):
		return 6379
	case property == "port":
		return 5432
	}
	return 1
}

// special computes an output that needs more than a template, or is nil.
func special(token, property string) func(Thing) resource.PropertyValue {
	switch token + " " + property {
	case "aws:acm/certificate:Certificate domainValidationOptions":
		return validations
	case "aws:elasticache/replicationGroup:ReplicationGroup memberClusters":
		return members
	case "random:index/randomId:RandomId hex", "random:index/randomBytes:RandomBytes hex":
		return encoded(hex.EncodeToString)
	case "random:index/randomId:RandomId b64Url":
		return encoded(base64.RawURLEncoding.EncodeToString)
	case "random:index/randomId:RandomId b64Std", "random:index/randomBytes:RandomBytes base64":
		return encoded(base64.StdEncoding.EncodeToString)
	case "random:index/randomId:RandomId dec":
		return encoded(decimal)
	case "random:index/randomPassword:RandomPassword result", "random:index/randomString:RandomString result":
		return characters
	case "random:index/randomInteger:RandomInteger result":
		return func(t Thing) resource.PropertyValue { return Plain(t.Inputs["min"]) }
	}
	return nil
}

// validations has one row for each name of the certificate, as ACM does.
// https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
func validations(t Thing) resource.PropertyValue {
	names := []resource.PropertyValue{t.Inputs["domainName"]}
	if more := Plain(t.Inputs["subjectAlternativeNames"]); more.IsArray() {
		names = append(names, more.ArrayValue()...)
	}
	var rows []resource.PropertyValue
	for _, v := range names {
		v = Plain(v)
		if !v.IsString() {
			continue
		}
		name := strings.TrimPrefix(v.StringValue(), "*.")
		rows = append(rows, resource.NewProperty(resource.PropertyMap{
			"domainName": v, "resourceRecordType": resource.NewProperty("CNAME"),
			"resourceRecordName":  resource.NewProperty("_" + t.pick("record "+name, hexadecimal, 32) + "." + name + "."),
			"resourceRecordValue": resource.NewProperty("_" + t.pick("proof "+name, hexadecimal, 32) + ".xlfgrmvvlj.acm-validations.aws."),
		}))
	}
	return resource.NewProperty(rows)
}

func members(t Thing) resource.PropertyValue {
	n := 1.0
	if v := Plain(t.Inputs["numCacheClusters"]); v.IsNumber() {
		n = v.NumberValue()
	}
	var all []resource.PropertyValue
	for i := range int(n) {
		all = append(all, resource.NewProperty(t.Text(fmt.Sprintf("memberClusters[%d]", i))))
	}
	return resource.NewProperty(all)
}

// encoded writes the resource's random bytes.
func encoded(encode func([]byte) string) func(Thing) resource.PropertyValue {
	return func(t Thing) resource.PropertyValue {
		n := 8.0
		for _, key := range []resource.PropertyKey{"byteLength", "length"} {
			if v := Plain(t.Inputs[key]); v.IsNumber() {
				n = v.NumberValue()
			}
		}
		prefix := ""
		if v := Plain(t.Inputs["prefix"]); v.IsString() {
			prefix = v.StringValue()
		}
		raw, _ := hex.DecodeString(t.pick("bytes", hexadecimal, 2*int(n)))
		return resource.NewProperty(prefix + encode(raw))
	}
}

func decimal(b []byte) string { return new(big.Int).SetBytes(b).String() }

// characters are as many and of such kinds as asked for.
func characters(t Thing) resource.PropertyValue {
	alphabet := letters
	if v := Plain(t.Inputs["special"]); !v.IsBool() || v.BoolValue() {
		alphabet += "!@#$%&*()-_=+[]{}<>:?"
	}
	n := 16.0
	if v := Plain(t.Inputs["length"]); v.IsNumber() {
		n = v.NumberValue()
	}
	return resource.NewProperty(t.pick("characters", alphabet, int(n)))
}
