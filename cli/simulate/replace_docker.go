package simulate

// dockerReplaces lists, for each type, the inputs that the Docker Engine can't change in place. The lists were taken from ForceNew in
// the schemas of the Terraform provider that Pulumi's provider is built on. What is not here is updated in place.
//   - https://registry.terraform.io/providers/kreuzwerker/docker/latest/docs
//   - https://docs.docker.com/reference/cli/docker/container/update/
var dockerReplaces = map[string]string{
	"index/container:Container": "capabilities cgroupParent cgroupnsMode command cpus devices dns dnsOpts dnsSearches domainname entrypoints envs gpus groupAdds healthcheck hostname hosts " +
		"image ipcMode labels logDriver logOpts mounts name networkMode networksAdvanced pidMode ports privileged publishAllPorts readOnly runtime securityOpts shmSize " +
		"stdinOpen stopSignal stopTimeout storageOpts sysctls tty ulimits uploads user usernsMode volumes workingDir",
	"index/network:Network":             "attachable driver ingress internal ipamConfigs ipamDriver ipamOptions ipv6 labels name options",
	"index/registryImage:RegistryImage": "build name triggers",
	"index/remoteImage:RemoteImage":     "build name platform pullTriggers triggers",
	"index/tag:Tag":                     "sourceImage targetImage",
	"index/volume:Volume":               "driver driverOpts labels name",
}

// inPlace are the inputs of the providers random and tls that change nothing that was made. Every other one replaces the resource.
//   - https://registry.terraform.io/providers/hashicorp/random/latest/docs
//   - https://registry.terraform.io/providers/hashicorp/tls/latest/docs
const inPlace = "earlyRenewalHours"
