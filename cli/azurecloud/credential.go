package azurecloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
)

// authority is where tokens of Entra ID come from.
const authority = "https://login.microsoftonline.com"

// either returns the first variable that is set: Pulumi's provider and Azure's own SDKs call them differently.
func either(names ...string) string {
	for _, name := range names {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	return ""
}

// token asks for a token for one of Azure's interfaces: with the secret or the pipeline's own token of an application, as the environment
// says, else as whoever is signed in to the az command.
//   - https://www.pulumi.com/registry/packages/azure-native/installation-configuration/
//   - https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
func token(ctx context.Context, audience string) (string, error) {
	tenant, client, secret := either("ARM_TENANT_ID", "AZURE_TENANT_ID"), either("ARM_CLIENT_ID", "AZURE_CLIENT_ID"), either("ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET")
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "scope": {audience + "/.default"}}
	switch {
	case tenant == "" || client == "":
		return commandToken(ctx, audience)
	case secret != "":
		form.Set("client_secret", secret)
	default:
		own, err := pipelineToken(ctx)
		if err != nil {
			return "", err
		}
		if own == "" {
			return commandToken(ctx, audience)
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", own)
	}
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, authority+"/"+tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("asking Entra ID for a token: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return answer.AccessToken, exchange(request, &answer)
}

// exchange sends a request for a token. Answers of the kind are not quoted.
func exchange(request *http.Request, out any) error {
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking for a token: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("asking for a token: %s answers %s", request.URL.Host, answer.Status)
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(out); err != nil {
		return fmt.Errorf("reading a token: %w", err)
	}
	return nil
}

// pipelineToken is the token by which a pipeline proves itself to Entra ID, or nothing outside of one.
// https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/configuring-openid-connect-in-azure
func pipelineToken(ctx context.Context) (string, error) {
	if given := os.Getenv("ARM_OIDC_TOKEN"); given != "" {
		return given, nil
	}
	if file := either("ARM_OIDC_TOKEN_FILE_PATH", "AZURE_FEDERATED_TOKEN_FILE"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("reading the pipeline's token: %w", err)
		}
		return strings.TrimSpace(string(text)), nil
	}
	address, key := either("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL"), either("ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if address == "" || key == "" {
		return "", nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"&audience="+url.QueryEscape("api://AzureADTokenExchange"), nil)
	if err != nil {
		return "", fmt.Errorf("asking for the pipeline's token: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	var answer struct{ Value string }
	err = exchange(request, &answer)
	return answer.Value, err
}

// commandToken asks the az command.
// https://learn.microsoft.com/cli/azure/account#az-account-get-access-token
func commandToken(ctx context.Context, audience string) (string, error) {
	out, err := azure(ctx, "account", "get-access-token", "--resource", audience, "--query", "accessToken", "--output", "tsv")
	return out, err
}

// signedInSubscription is the environment's, else the az command's.
func signedInSubscription(ctx context.Context) (string, error) {
	if id := either("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID"); id != "" {
		return id, nil
	}
	return azure(ctx, "account", "show", "--query", "id", "--output", "tsv")
}

// azure runs the az command and returns what it prints. What it prints to the error stream is its reason.
func azure(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "az", args...).Output()
	var failed *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", errors.New("there is no az command, and the environment names no application")
	case errors.As(err, &failed):
		first, _, _ := strings.Cut(strings.TrimSpace(string(failed.Stderr)), "\n")
		return "", fmt.Errorf("az %s: %s", args[0], first)
	case err != nil:
		return "", fmt.Errorf("running az: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
