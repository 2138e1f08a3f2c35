package azure

import (
	"context"
	"fmt"
	"time"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20241002preview"
	cdn "github.com/pulumi/pulumi-azure-native-sdk/cdn/v2/v20240901"
	resources "github.com/pulumi/pulumi-azure-native-sdk/resources/v2/v20241101"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// linkGroup is what of an environment a private link leads to.
const linkGroup = "managedEnvironments"

// privateLink is the way from Front Door to the environment. The origins share one connection, as they say the same of it.
// https://learn.microsoft.com/azure/frontdoor/private-link#association-of-a-private-endpoint-with-an-azure-front-door-profile
func (p *Platform) privateLink(environment pulumi.StringInput) cdn.SharedPrivateLinkResourcePropertiesArgs {
	return cdn.SharedPrivateLinkResourcePropertiesArgs{
		PrivateLink: cdn.ResourceReferenceArgs{Id: environment.ToStringOutput().ToStringPtrOutput()}, GroupId: pulumi.String(linkGroup),
		PrivateLinkLocation: pulumi.String(p.settings.Region), RequestMessage: pulumi.String(p.linkMessage()),
	}
}

// linkMessage is what Front Door's request for the connection says. The connection is known by it, before and after it is approved: any
// customer of Azure can ask for one. Azure takes 140 characters.
// https://learn.microsoft.com/azure/templates/microsoft.cdn/2024-09-01/profiles/origingroups/origins
func (p *Platform) linkMessage() string { return join("slipway "+p.project+"/"+p.stack, "", 140) }

// approval is the template that accepts a connection. Its name is Front Door's choice.
var approval = map[string]any{
	"$schema":        "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
	"contentVersion": "1.0.0.0",
	"parameters": map[string]any{
		"environment": map[string]any{"type": "string"}, "connection": map[string]any{"type": "string"}, "message": map[string]any{"type": "string"},
	},
	"resources": []any{map[string]any{
		"type": "Microsoft.App/managedEnvironments/privateEndpointConnections", "apiVersion": "2024-10-02-preview",
		"name": "[format('{0}/{1}', parameters('environment'), parameters('connection'))]",
		"properties": map[string]any{"privateLinkServiceConnectionState": map[string]any{
			"status": "Approved", "description": "[parameters('message')]", "actionsRequired": "None",
		}},
	}},
}

// linkArrives is how long Front Door's request may take to arrive after its origins are made.
var linkArrives = watching{limit: 10 * time.Minute, pause: 15 * time.Second}

// approveLink accepts Front Door's request for a private link, which Azure leaves to the owner of the environment. The connection exists
// by then, under a name that nobody could know before, and Pulumi makes no resource that is there already; a deployment of a template
// does. The request arrives a moment after the origins are made, and is waited for. A preview does not wait.
//   - https://learn.microsoft.com/azure/container-apps/front-door-custom-virtual-network-private-link
//   - https://learn.microsoft.com/azure/azure-resource-manager/templates/deployment-modes#incremental-mode
func (p *Platform) approveLink(ctx *pulumi.Context, name string, origins pulumi.StringArray, opts []pulumi.ResourceOption) (pulumi.Resource, error) {
	wait := linkArrives
	if ctx.DryRun() {
		wait = watching{}
	}
	environment := pulumi.All(p.cluster.name, origins).ApplyT(func(v []any) string { return v[0].(string) }).(pulumi.StringOutput)
	connection := pulumi.All(environment, p.group).ApplyTWithContext(ctx.Context(), func(call context.Context, v []any) (string, error) {
		text, done, err := wait.until(call, func() (string, bool, error) {
			found, err := app.LookupManagedEnvironment(ctx, &app.LookupManagedEnvironmentArgs{
				EnvironmentName: v[0].(string), ResourceGroupName: v[1].(string),
			}, pulumi.Parent(p), pulumi.Provider(p.cloud))
			if err != nil {
				return "", false, fmt.Errorf("asking for private links to the environment: %w", err)
			}
			text := living(found.PrivateEndpointConnections, p.linkMessage())
			return text, text != "", nil
		})
		if err == nil && !done {
			err = fmt.Errorf("Front Door's request for a private link, with the message %q, has not arrived at the environment yet: run the update again in a minute", p.linkMessage())
		}
		return text, err
	}).(pulumi.StringOutput)
	parameters := resources.DeploymentParameterMap{
		"environment": resources.DeploymentParameterArgs{Value: environment},
		"connection":  resources.DeploymentParameterArgs{Value: connection},
		"message":     resources.DeploymentParameterArgs{Value: pulumi.String(p.linkMessage())},
	}
	deployed, err := resources.NewDeployment(ctx, name+"-link", &resources.DeploymentArgs{
		ResourceGroupName: p.group, DeploymentName: pulumi.String(p.fixed("link", 64)),
		Properties: resources.DeploymentPropertiesArgs{Mode: resources.DeploymentModeIncremental, Template: pulumi.Any(approval), Parameters: parameters},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("approving Front Door's private link: %w", err)
	}
	return deployed, nil
}

// living is the name of the connection that is asked for or stands, with this message: another is a stranger's, who would get past Front
// Door with it. One that was refused, or whose other end is gone, stays in the list and can't be approved any more.
func living(all []app.PrivateEndpointConnectionResponse, message string) string {
	for _, c := range all {
		status, said := "", ""
		if c.PrivateLinkServiceConnectionState.Status != nil {
			status = *c.PrivateLinkServiceConnectionState.Status
		}
		if c.PrivateLinkServiceConnectionState.Description != nil {
			said = *c.PrivateLinkServiceConnectionState.Description
		}
		if c.Name != "" && said == message && status != "Rejected" && status != "Disconnected" {
			return c.Name
		}
	}
	return ""
}
