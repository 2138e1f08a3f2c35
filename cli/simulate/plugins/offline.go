package plugins

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// offline says how a provider is configured so that it asks nobody: no credentials are looked for, none are checked. Values are as Go's
// SDK sends them: what is no text is JSON.
type offline struct {
	// set stands above what the program gives, fill stands where it gives nothing. {network} is the address of the stand-in.
	set, fill map[string]string
	// drop are inputs that lead to credentials, to accounts or to the network.
	drop []string
}

// uuid is an account that nobody has: Microsoft's documentation uses it.
const uuid = "00000000-0000-0000-0000-000000000000"

var offlines = map[string]offline{
	// https://www.pulumi.com/registry/packages/aws/installation-configuration/
	"aws": {
		set: map[string]string{
			"accessKey": "simulated", "secretKey": "simulated", "skipCredentialsValidation": "true", "skipRequestingAccountId": "true",
			"skipMetadataApiCheck": "true", "skipRegionValidation": "true", "maxRetries": "1",
		},
		fill: map[string]string{"region": "us-east-1"},
		drop: []string{
			"allowedAccountIds", "forbiddenAccountIds", "assumeRole", "assumeRoles", "assumeRoleWithWebIdentity", "profile", "token",
			"sharedCredentialsFiles", "sharedConfigFiles", "customCaBundle", "httpProxy", "httpsProxy", "noProxy", "endpoints",
		},
	},
	// https://www.pulumi.com/registry/packages/gcp/installation-configuration/
	"gcp": {
		set:  map[string]string{"accessToken": "simulated", "skipRegionValidation": "true"},
		drop: []string{"credentials", "impersonateServiceAccount", "impersonateServiceAccountDelegates"},
	},
	// https://www.pulumi.com/registry/packages/azure-native/installation-configuration/
	// Without a location, Check asks Azure for that of the resource group.
	"azure-native": {
		set:  map[string]string{"clientId": uuid, "clientSecret": "simulated", "tenantId": uuid, "useMsi": "false", "useOidc": "false"},
		fill: map[string]string{"subscriptionId": uuid, "location": "eastus"},
		drop: []string{"clientCertificatePath", "clientCertificatePassword", "oidcToken", "oidcRequestToken", "oidcRequestUrl", "msiEndpoint"},
	},
	// https://www.pulumi.com/registry/packages/docker/installation-configuration/
	"docker": {
		set:  map[string]string{"host": "tcp://{network}"},
		drop: []string{"registryAuth", "certPath", "caMaterial", "certMaterial", "keyMaterial", "sshOpts", "context"},
	},
}

// configured is what the plugin of a provider is configured with in place of what the program gives.
func configured(name, address string, config resource.PropertyMap) resource.PropertyMap {
	row, out := offlines[name], config.Copy()
	for _, key := range append([]string{"version", "pluginDownloadURL"}, row.drop...) {
		delete(out, resource.PropertyKey(key))
	}
	for key, value := range row.fill {
		if v, given := out[resource.PropertyKey(key)]; !given || v.IsNull() || v.IsString() && v.StringValue() == "" {
			out[resource.PropertyKey(key)] = resource.NewProperty(value)
		}
	}
	for key, value := range row.set {
		out[resource.PropertyKey(key)] = resource.NewProperty(strings.ReplaceAll(value, "{network}", address))
	}
	return out
}

// variables are the configuration in the older form, which providers still read.
func variables(name string, config resource.PropertyMap) map[string]string {
	out := map[string]string{}
	for key, v := range config {
		v = bare(v)
		text := ""
		if v.IsString() {
			text = v.StringValue()
		} else if raw, err := json.Marshal(v.Mappable()); err == nil {
			text = string(raw)
		}
		out[name+":config:"+string(key)] = text
	}
	return out
}

// credentials are prefixes of variables that lead a provider to an account, to a server or through a proxy.
var credentials = []string{
	"AWS_", "GOOGLE_", "GCLOUD_", "CLOUDSDK_", "GCE_", "ARM_", "AZURE_", "MSI_", "IDENTITY_", "DOCKER_", "PULUMI_", "TF_", "OTEL_",
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "HOME", "USERPROFILE", "APPDATA", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "PATH",
}

// environment is what a plugin runs in: this process's own without what leads to an account, with a home that is empty.
func environment(program Program, home, address string) []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.ContainsFunc(credentials, func(c string) bool {
			return strings.EqualFold(name, c) || strings.HasSuffix(c, "_") && strings.HasPrefix(strings.ToUpper(name), c)
		})
	})
	path := append(append([]string{}, program.Paths...), os.Getenv("PATH"))
	proxy := "http://" + address
	for _, v := range [][2]string{
		{"PATH", strings.Join(path, string(os.PathListSeparator))}, {"HOME", home}, {"XDG_CONFIG_HOME", home}, {"XDG_CACHE_HOME", home},
		{"HTTP_PROXY", proxy}, {"HTTPS_PROXY", proxy}, {"http_proxy", proxy}, {"https_proxy", proxy}, {"NO_PROXY", ""},
		{"AWS_EC2_METADATA_DISABLED", "true"}, {"AWS_CONFIG_FILE", filepath.Join(home, "none")}, {"AWS_SHARED_CREDENTIALS_FILE", filepath.Join(home, "none")},
		{"PULUMI_GCP_SKIP_REGION_VALIDATION", "true"}, {"PULUMI_GCP_DISABLE_GLOBAL_PROJECT_WARNING", "true"},
	} {
		env = append(env, v[0]+"="+v[1])
	}
	if runtime.GOOS == "windows" {
		env = append(env, "USERPROFILE="+home, "APPDATA="+home)
	}
	return env
}

// bare takes a value out of what marks it as secret or as an output.
func bare(v resource.PropertyValue) resource.PropertyValue {
	for {
		switch {
		case v.IsSecret():
			v = v.SecretValue().Element
		case v.IsOutput() && v.OutputValue().Known:
			v = v.OutputValue().Element
		default:
			return v
		}
	}
}
