package simulate

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// defaults is the input in which Pulumi's bridged providers keep what they have filled in themselves.
const defaults = "__defaults"

// named fills in the name that Pulumi chooses where the program gives none. It is derived from the URN, and from what the resource
// can't change: a replacement has another one, and an update keeps the one that is.
// https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
func (c *Cloud) named(urn resource.URN, olds, news resource.PropertyMap) resource.PropertyMap {
	token := string(urn.Type())
	key := resource.PropertyKey(likely.NameProperty(token))
	if v, given := news[key]; given && !v.IsNull() || !c.autonames(token) {
		return news
	}
	out := news.Copy()
	out[defaults] = resource.NewProperty([]resource.PropertyValue{resource.NewProperty(string(key))})
	if isDefault(olds, key) && olds[key].IsString() {
		out[key] = olds[key]
		return out
	}
	out[key] = resource.NewProperty(autoname(token, urn, c.salt(urn, news)))
	return out
}

// autonames tells whether Pulumi names resources of a type: the input is there and may be left out.
func (c *Cloud) autonames(token string) bool {
	input := c.kind(token).Input(likely.NameProperty(token))
	return input != nil && input.Kind() == reflect.Pointer && input.Elem().Kind() == reflect.String
}

func autoname(token string, urn resource.URN, salt string) string {
	sum := sha256.Sum256([]byte("name " + string(urn) + "\x00" + salt))
	hash, name := hex.EncodeToString(sum[:]), urn.Name()
	switch {
	case strings.HasPrefix(token, "azure-native:"):
		return likely.AzureName(token, name, hash)
	case token == "aws:kms/alias:Alias":
		name = "alias/" + name
	}
	return name + "-" + hash[:7]
}

// isDefault tells whether a provider has filled in an input itself.
func isDefault(inputs resource.PropertyMap, key resource.PropertyKey) bool {
	all := inputs[defaults]
	if !all.IsArray() {
		return false
	}
	for _, v := range all.ArrayValue() {
		if v.IsString() && v.StringValue() == string(key) {
			return true
		}
	}
	return false
}

// fixedName tells whether a resource must be deleted before its replacement is created, since both would have the name that the
// program gives.
func (c *Cloud) fixedName(token string, olds, news resource.PropertyMap) bool {
	key := resource.PropertyKey(likely.NameProperty(token))
	name, given := news[key]
	return given && c.autonames(token) && !isDefault(news, key) && name.DeepEquals(olds[key])
}
