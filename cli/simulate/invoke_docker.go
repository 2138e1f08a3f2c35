package simulate

// dockerFunctions are what a Docker Engine and registries answer when they are asked.
// https://www.pulumi.com/registry/packages/docker/api-docs/
var dockerFunctions = map[string]function{
	"index/getNetwork:getNetwork":             fixed(map[string]any{"id": "{hex:64}", "driver": "bridge", "internal": false, "scope": "local"}),
	"index/getRegistryImage:getRegistryImage": fixed(map[string]any{"sha256Digest": "sha256:{hex:64}"}),
	"index/getRemoteImage:getRemoteImage":     fixed(map[string]any{"id": "sha256:{hex:64}", "repoDigest": "{name}@sha256:{hex:64}"}),
}
