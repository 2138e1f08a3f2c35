package main

import "strings"

// entry says how one resource or function of the official plugin differs from what the bridge makes of the upstream
// provider by rule. Both lists were compared with the official plugin's schema, version 4.10.0; schema_test.go compares
// them again with the properties of its Go SDK.
//
// What the bridge has more than the official plugin (newer inputs of the upstream provider such as uploads[].owner) is
// left alone: the SDK doesn't send it.
type entry struct {
	// official and bridged are the type tokens.
	official, bridged string
	// names of top-level properties, official to bridged.
	names map[string]string
	// dropped are official inputs that the upstream provider no longer has.
	dropped []string
	// id is an output of the bridge's that repeats the resource's id and which the official plugin doesn't have.
	id string
	// autonamed resources get a random suffix on their name when the program gives none.
	autonamed bool
	// deleteFirst resources are deleted before their replacement is created, whatever their name.
	deleteFirst bool
}

const containerToken = "docker:index/container:Container"

var entries = []entry{
	{
		official: containerToken, bridged: containerToken,
		names: map[string]string{"command": "commands", "networksAdvanced": "networksAdvanceds"},
		id:    "containerId", autonamed: true, deleteFirst: true,
	},
	{
		official: "docker:index/network:Network", bridged: "docker:index/network:Network",
		// Docker itself always checks for duplicates since version 23.
		dropped: []string{"checkDuplicate"}, id: "networkId", autonamed: true,
	},
	{
		official: "docker:index/remoteImage:RemoteImage", bridged: "docker:index/image:Image",
	},
	{
		official: "docker:index/serviceConfig:ServiceConfig", bridged: "docker:index/config:Config",
		id: "configId", autonamed: true,
	},
	{official: "docker:index/buildxBuilder:BuildxBuilder", bridged: "docker:index/buildxBuilder:BuildxBuilder", id: "buildxBuilderId", autonamed: true},
	{official: "docker:index/plugin:Plugin", bridged: "docker:index/plugin:Plugin", id: "pluginId", autonamed: true},
	{official: "docker:index/registryImage:RegistryImage", bridged: "docker:index/registryImage:RegistryImage", id: "registryImageId", autonamed: true},
	{official: "docker:index/secret:Secret", bridged: "docker:index/secret:Secret", id: "secretId", autonamed: true},
	{official: "docker:index/service:Service", bridged: "docker:index/service:Service", id: "serviceId", autonamed: true},
	{official: "docker:index/tag:Tag", bridged: "docker:index/tag:Tag", id: "tagId"},
	{official: "docker:index/volume:Volume", bridged: "docker:index/volume:Volume", id: "volumeId", autonamed: true},
	{official: "docker:index/getRemoteImage:getRemoteImage", bridged: "docker:index/getImage:getImage"},
}

// configuration of the provider itself.
var configuration = entry{names: map[string]string{"registryAuth": "registryAuths"}}

// lookup finds the entry of an official token. A token that is not in the table passes unchanged.
func lookup(token string) entry {
	for _, e := range entries {
		if e.official == token {
			return e
		}
	}
	return entry{official: token, bridged: token}
}

// typeOf returns the type token that a URN names: the last one of its chain of parents.
func typeOf(urn string) string {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) < 4 {
		return ""
	}
	return parts[2][strings.LastIndex(parts[2], "$")+1:]
}

// bridgedURN is the URN with the bridge's type token in it.
func bridgedURN(urn string) string {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) < 4 {
		return urn
	}
	chain := parts[2][:strings.LastIndex(parts[2], "$")+1]
	parts[2] = chain + lookup(typeOf(urn)).bridged
	return strings.Join(parts, "::")
}

// bridgedPath and officialPath rename the first step of a property path such as "networksAdvanced[0].name".
func (e entry) bridgedPath(path string) string { return renameStep(path, e.names) }

func (e entry) officialPath(path string) string {
	reverse := make(map[string]string, len(e.names))
	for official, bridged := range e.names {
		reverse[bridged] = official
	}
	return renameStep(path, reverse)
}

func renameStep(path string, names map[string]string) string {
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		end = len(path)
	}
	if to, ok := names[path[:end]]; ok {
		return to + path[end:]
	}
	return path
}
