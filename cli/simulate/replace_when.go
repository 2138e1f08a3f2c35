package simulate

import (
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// replacesWhen lists inputs that can't change in place under a condition, by type.
//   - An ECS service gets other capacity in place only with a new deployment, from the terraform provider 5.x on:
//     https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/resources/ecs_service#capacity_provider_strategy
var replacesWhen = map[string]struct {
	input string
	when  func(news resource.PropertyMap) bool
}{
	"aws:ecs/service:Service": {"capacityProviderStrategies", func(news resource.PropertyMap) bool {
		v, ok := at(news, "forceNewDeployment")
		return !ok || !v.IsBool() || !v.BoolValue()
	}},
}

// ruleFor is the rule of a type for one change.
func ruleFor(token string, news resource.PropertyMap) rule {
	r := ruleOf(token)
	if more, ok := replacesWhen[token]; ok && more.when(news) {
		r.replaces = append(r.replaces, more.input)
	}
	return r
}
