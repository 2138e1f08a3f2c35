package simulate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// transition is a change in place that a cloud refuses.
type transition struct {
	token string
	// refused tells why, or nothing.
	refused func(before, after resource.PropertyMap, others []thing) string
}

// transitions lists what clouds refuse to change.
var transitions = []transition{
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html
	{"aws:rds/instance:Instance", smaller("allocatedStorage", "InvalidParameterCombination: storage can't be made smaller")},
	{"aws:rds/instance:Instance", smaller("engineVersion", "InvalidParameterCombination: a database can't go back to an earlier version")},
	{"aws:rds/instance:Instance", gp3WithoutIOPS},
	// https://cloud.google.com/sql/docs/postgres/instance-settings#storage-capacity-2ndgen
	{"gcp:sql/databaseInstance:DatabaseInstance", smaller("settings.diskSize", "invalidRequest: the disk size can't decrease")},
	{"gcp:sql/databaseInstance:DatabaseInstance", smaller("databaseVersion", "invalidRequest: a database can't go back to an earlier version")},
	// https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-storage#storage-autogrow
	{"azure-native:dbforpostgresql:Server", smaller("storage.storageSizeGB", "StorageSizeCannotBeReduced")},
	{"azure-native:dbforpostgresql:Server", smaller("version", "ServerVersionDowngradeNotSupported")},
	{"azure-native:network:VirtualNetwork", subnetInUse},
	{"azure-native:app:ContainerApp", secretInUse},
}

// illegal tells why a cloud would not change a resource in place, or nothing.
func illegal(before, after thing, others []thing) error {
	token := unversioned(string(after.urn.Type()))
	for _, row := range transitions {
		if row.token != token {
			continue
		}
		if why := row.refused(before.inputs, after.inputs, others); why != "" {
			return fmt.Errorf("simulated cloud: %s %q can't be changed: %s", kindOf(token), after.urn.Name(), why)
		}
	}
	return nil
}

// smaller refuses a number, or the first number in a text, that is less than before.
func smaller(path, says string) func(before, after resource.PropertyMap, others []thing) string {
	return func(before, after resource.PropertyMap, _ []thing) string {
		was, ok := number(before, path)
		is, both := number(after, path)
		if ok && both && is < was {
			return fmt.Sprintf("%s (%s from %g to %g)", says, path, was, is)
		}
		return ""
	}
}

// number reads 20, "16", "16.4" and "POSTGRES_16".
func number(m resource.PropertyMap, path string) (float64, bool) {
	v, ok := at(m, path)
	switch {
	case !ok:
		return 0, false
	case v.IsNumber():
		return v.NumberValue(), true
	case !v.IsString():
		return 0, false
	}
	text := v.StringValue()
	first := strings.IndexAny(text, "0123456789")
	if first < 0 {
		return 0, false
	}
	whole, _, _ := strings.Cut(text[first:], ".")
	n, err := strconv.ParseFloat(whole, 64)
	return n, err == nil
}

// gp3WithoutIOPS: RDS takes at least 12,000 IOPS for 400 GiB and more of gp3, and the provider sends those of before, 3,000, if none are said.
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage
//   - https://github.com/hashicorp/terraform-provider-aws/issues/28382
func gp3WithoutIOPS(before, after resource.PropertyMap, _ []thing) string {
	const threshold, least = 400, 12000
	was, ok := number(before, "allocatedStorage")
	is, both := number(after, "allocatedStorage")
	iops, _ := number(after, "iops")
	kind, _ := at(after, "storageType")
	if ok && both && was < threshold && is >= threshold && kind.IsString() && kind.StringValue() == "gp3" && iops < least {
		return fmt.Sprintf("InvalidParameterCombination: gp3 of %g GiB needs %d IOPS or more", is, least)
	}
	return ""
}

// subnetInUse: a network can't lose a subnet, nor move one, in which something is.
// https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-subnet#delete-a-subnet
func subnetInUse(before, after resource.PropertyMap, others []thing) string {
	ranges := map[string]string{}
	for name, subnet := range subnetsOf(after) {
		ranges[name] = textAt(subnet, "addressPrefix")
	}
	for name, subnet := range subnetsOf(before) {
		is, kept := ranges[name]
		if kept && is == textAt(subnet, "addressPrefix") {
			continue
		}
		for _, other := range others {
			used := false
			leaves(resource.NewProperty(other.inputs), nil, func(_ resource.PropertyPath, text string) {
				used = used || strings.HasSuffix(strings.Trim(text, `"`), "/subnets/"+name)
			})
			if used {
				return fmt.Sprintf("InUseSubnetCannotBeDeleted: subnet %s is used by %s", name, other.urn.Name())
			}
		}
	}
	return ""
}

func subnetsOf(network resource.PropertyMap) map[string]resource.PropertyMap {
	out := map[string]resource.PropertyMap{}
	v, _ := at(network, "subnets")
	if !v.IsArray() {
		return out
	}
	for _, one := range v.ArrayValue() {
		if one = likely.Plain(one); one.IsObject() {
			out[textAt(one.ObjectValue(), "name")] = one.ObjectValue()
		}
	}
	return out
}

func textAt(m resource.PropertyMap, path string) string {
	if v, ok := at(m, path); ok && v.IsString() {
		return v.StringValue()
	}
	return ""
}

// secretInUse: while revisions of before stay active, an app can't lose a secret that one of them reads.
//   - https://learn.microsoft.com/azure/container-apps/manage-secrets
//   - https://github.com/microsoft/azure-container-apps/issues/395
func secretInUse(before, after resource.PropertyMap, _ []thing) string {
	mode := textAt(before, "configuration.activeRevisionsMode")
	if mode == "" || mode == "Single" {
		return ""
	}
	var kept, used []string
	v, ok := at(after, "configuration.secrets")
	if _, known := after["configuration"]; !known || ok && !v.IsArray() {
		return "" // not known before the update, as when one of the addresses is not
	}
	if ok {
		for _, one := range v.ArrayValue() {
			if one = likely.Plain(one); one.IsObject() {
				kept = append(kept, textAt(one.ObjectValue(), "name"))
			}
		}
	}
	template, _ := at(before, "template")
	leaves(template, nil, func(path resource.PropertyPath, text string) {
		if path[len(path)-1] == "secretRef" {
			used = append(used, strings.Trim(text, `"`))
		}
	})
	for _, name := range used {
		if !slices.Contains(kept, name) {
			return "ContainerAppSecretInUse: secret " + name + " is read by an active revision"
		}
	}
	return ""
}
