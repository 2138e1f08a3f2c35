package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/tools/plugin"
)

func identifier() plugin.Resource {
	return plugin.Resource{
		Fields: []plugin.Field{
			{Name: "byteLength", Kind: plugin.Integer, Required: true, Rule: atLeast(1)},
			{Name: "prefix", Kind: plugin.String},
			{Name: "keepers", Kind: plugin.Map},
		},
		Outputs: []string{"b64Std", "b64Url", "dec", "hex"},
		Create: func(in resource.PropertyMap) (string, resource.PropertyMap, error) {
			raw, err := read(in["byteLength"])
			if err != nil {
				return "", nil, err
			}
			prefix := ""
			if v, ok := in["prefix"]; ok {
				prefix = v.StringValue()
			}
			id := base64.RawURLEncoding.EncodeToString(raw)
			return id, resource.PropertyMap{
				"b64Url": resource.NewStringProperty(prefix + id),
				"b64Std": resource.NewStringProperty(prefix + base64.StdEncoding.EncodeToString(raw)),
				"hex":    resource.NewStringProperty(prefix + hex.EncodeToString(raw)),
				"dec":    resource.NewStringProperty(prefix + new(big.Int).SetBytes(raw).String()),
			}, nil
		},
	}
}

func bytes() plugin.Resource {
	return plugin.Resource{
		Fields: []plugin.Field{
			{Name: "length", Kind: plugin.Integer, Required: true, Rule: atLeast(1)},
			{Name: "keepers", Kind: plugin.Map},
		},
		Outputs: []string{"base64", "hex"}, SecretOutputs: []string{"base64", "hex"},
		Create: func(in resource.PropertyMap) (string, resource.PropertyMap, error) {
			raw, err := read(in["length"])
			if err != nil {
				return "", nil, err
			}
			// The value is a secret and an id is not, so the id only identifies it.
			sum := sha256.Sum256(raw)
			return base64.StdEncoding.EncodeToString(sum[:]), resource.PropertyMap{
				"base64": resource.NewStringProperty(base64.StdEncoding.EncodeToString(raw)),
				"hex":    resource.NewStringProperty(hex.EncodeToString(raw)),
			}, nil
		},
	}
}

func read(n resource.PropertyValue) ([]byte, error) {
	raw := make([]byte, int(n.NumberValue()))
	if _, err := rand.Read(raw); err != nil {
		return nil, fmt.Errorf("drawing random bytes: %w", err)
	}
	return raw, nil
}
