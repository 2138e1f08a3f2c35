package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// registryUser is who signs in to a registry with a token.
// https://learn.microsoft.com/azure/container-registry/container-registry-authentication#az-acr-login-with---expose-token
const registryUser = "00000000-0000-0000-0000-000000000000"

// exchangeLimit bounds the question.
const exchangeLimit = 30 * time.Second

// registryToken is the deployer's password for the registry, good for three hours. Azure has no function for it: a token for Azure's
// management must be exchanged at the registry itself, which in the first run exists only when Pulumi has made it. So this is the one
// place where the program talks to somebody while outputs are resolved (docs/adr/0017-azure-api-versions.md). A preview asks nothing.
// https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
func (p *Platform) registryToken(ctx *pulumi.Context, server pulumi.StringOutput) (pulumi.StringOutput, error) {
	if ctx.DryRun() {
		return pulumi.ToSecret(pulumi.String("known when the image is pushed")).(pulumi.StringOutput), nil
	}
	var own struct {
		Token string `pulumi:"token"`
	}
	if err := ctx.Invoke("azure-native:authorization:getClientToken", nil, &own, pulumi.Parent(p), pulumi.Provider(p.cloud)); err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("asking for a token of the deployer: %w", err)
	}
	exchanged := server.ApplyTWithContext(ctx.Context(), func(ctx context.Context, registry string) (string, error) {
		return p.settings.RegistryToken(ctx, registry, p.tenant, own.Token)
	})
	return pulumi.ToSecret(exchanged).(pulumi.StringOutput), nil
}

// ExchangeToken asks a registry for a refresh token in exchange for an access token of Entra ID. It fails if the registry does not
// answer within 30 s, or refuses: whoever signed in needs the role AcrPush. The error holds neither token.
// https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md#calling-post-oauth2exchange-to-get-an-acr-refresh-token
func ExchangeToken(ctx context.Context, registry, tenant, token string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, exchangeLimit)
	defer cancel()
	form := url.Values{"grant_type": {"access_token"}, "service": {registry}, "tenant": {tenant}, "access_token": {token}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+registry+"/oauth2/exchange", strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("asking registry %s for a token: %w", registry, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("asking registry %s for a token: %w", registry, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("asking registry %s for a token: it answers %s; whoever deploys needs the role AcrPush", registry, answer.Status)
	}
	var body struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&body); err != nil {
		return "", fmt.Errorf("reading the token of registry %s: %w", registry, err)
	}
	if body.RefreshToken == "" {
		return "", fmt.Errorf("reading the token of registry %s: %w", registry, errors.New("there is none in the answer"))
	}
	return body.RefreshToken, nil
}
