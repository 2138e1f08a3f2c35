package likely

import "regexp"

// localForms are the outputs of what needs no cloud: containers, random texts, keys. Resources of docker are known by the names
// and hashes that the engine uses.
// https://docs.docker.com/reference/api/engine/
var localForms = map[string]form{
	"docker:index/container:Container":              {"id": "{hex:64}", "hostname": "{hex:12}", "containerLogs": "", "bridge": "", "networkDatas[*].networkName": "bridge", "networkDatas[*].gateway": "10.0.0.1", "networkDatas[*].macAddress": "02:42:0a:00:00:02"},
	"docker:index/image:Image":                      {"id": "{repoDigest}", "repoDigest": "{imageName}@sha256:{hex:64}"},
	"docker:index/network:Network":                  {"id": "{hex:64}"},
	"docker:index/registryImage:RegistryImage":      {"id": "{sha256Digest}"},
	"docker:index/remoteImage:RemoteImage":          {"id": "{imageId}{name}", "imageId": "sha256:{hex:64}", "repoDigest": "{name}@sha256:{hex:64}"},
	"docker:index/tag:Tag":                          {"id": "{sourceImage}.{targetImage}"},
	"docker:index/volume:Volume":                    {"id": "{name}", "mountpoint": "/var/lib/docker/volumes/{name}/_data"},
	"random:index/randomBytes:RandomBytes":          {"id": "{base64}"},
	"random:index/randomId:RandomId":                {"id": "{b64Url}"},
	"random:index/randomInteger:RandomInteger":      {"id": "{digits:4}"},
	"random:index/randomPassword:RandomPassword":    {"id": "none", "bcryptHash": "$2a$10${letters:53}"},
	"random:index/randomPet:RandomPet":              {"id": "likely-{lower:6}"},
	"random:index/randomString:RandomString":        {"id": "{result}"},
	"random:index/randomUuid:RandomUuid":            {"id": "{result}", "result": "{hex:8}-{hex:4}-4{hex:3}-a{hex:3}-{hex:12}"},
	"tls:index/certRequest:CertRequest":             {"id": "{hex:40}", "certRequestPem": "{certificateRequest}", "keyAlgorithm": "ED25519"},
	"tls:index/locallySignedCert:LocallySignedCert": {"id": "{digits:38}", "keyAlgorithm": "ED25519", "caKeyAlgorithm": "ED25519", "validityStartTime": "2020-01-01T00:00:00Z", "validityEndTime": "2100-01-01T00:00:00Z"},
	"tls:index/privateKey:PrivateKey": {
		"id": "{hex:40}", "publicKeyOpenssh": "{publicKeyOpenSSH}", "privateKeyOpenssh": "{privateKey}",
		"publicKeyFingerprintMd5": "{hex:32}", "publicKeyFingerprintSha256": "SHA256:{letters:43}",
	},
	"tls:index/selfSignedCert:SelfSignedCert": {"id": "{digits:38}", "keyAlgorithm": "ED25519", "validityStartTime": "2020-01-01T00:00:00Z", "validityEndTime": "2100-01-01T00:00:00Z"},
}

var dockerNamed = []named{
	{regexp.MustCompile(`^imageId$`), "sha256:{hex:64}"},
	{regexp.MustCompile(`(?i)logs$`), ""},
}
