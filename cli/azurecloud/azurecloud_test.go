package azurecloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/stacks"
)

const (
	secretToken = "eyJ-a-token-that-nobody-may-see"
	group       = "/subscriptions/s/resourceGroups/slipway-links-prod"
	appID       = group + "/providers/Microsoft.App/containerApps/links-prod"
)

var stack = cli.Stack{Root: "/src/slipway", Project: "slipway", Name: "prod", Config: stacks.Config{App: stacks.App{Name: "links"}, Azure: stacks.Azure{SubscriptionID: "s"}}}

// answers are what Azure says, by method and path; a func is asked with the body and the query.
type answers map[string]any

// azureWith stands in for Azure's interfaces and notes what was asked.
func azureWith(t *testing.T, all answers) (Target, *[]string) {
	t.Helper()
	asked := &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Method + " " + r.URL.Path
		*asked = append(*asked, key)
		if r.Header.Get("Authorization") != "Bearer "+secretToken {
			t.Errorf("%s carries %q", key, r.Header.Get("Authorization"))
		}
		body, _ := io.ReadAll(r.Body)
		out, ok := all[key]
		if f, is := out.(func(string, map[string][]string) any); is {
			out = f(string(body), r.URL.Query())
		}
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			out = map[string]any{"error": map[string]string{"code": "ResourceNotFound", "message": "no " + key}}
		}
		json.NewEncoder(w).Encode(out)
	}))
	t.Cleanup(server.Close)
	return Target{Client: &Client{
		Management: server.URL, Logs: server.URL, HTTP: server.Client(),
		Token: func(_ context.Context, audience string) (string, error) {
			if audience != server.URL {
				return "", fmt.Errorf("a token for %s", audience)
			}
			return secretToken, nil
		},
	}}, asked
}

// engine puts a docker command first on PATH that says what version it has.
func engine(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte("#!/bin/sh\necho 28.0\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1") // so that nothing is installed or started
}

func quiet() *progress.Printer { return progress.New(io.Discard) }

func TestPrepare(t *testing.T) {
	engine(t)
	target, _ := azureWith(t, answers{"GET /subscriptions/s": map[string]string{"subscriptionId": "s"}})
	if err := target.Prepare(t.Context(), quiet(), stack); err != nil {
		t.Error(err)
	}
	target, _ = azureWith(t, nil)
	err := target.Prepare(t.Context(), quiet(), stack)
	if err == nil || !strings.Contains(err.Error(), "azure.subscriptionId") || strings.Contains(err.Error(), secretToken) {
		t.Errorf("a subscription that is not there: %v", err)
	}
	target.Client.Token = func(context.Context, string) (string, error) { return "", errors.New("no credentials") }
	if err := target.Prepare(t.Context(), quiet(), stack); err == nil || !strings.Contains(err.Error(), "az login") {
		t.Errorf("nobody signed in: %v", err)
	}
	if err := target.Cleaned(t.Context(), quiet(), stack); err != nil {
		t.Error(err)
	}
}

func table(columns []string, rows ...[]any) map[string]any {
	var names []map[string]string
	for _, c := range columns {
		names = append(names, map[string]string{"name": c})
	}
	return map[string]any{"tables": []any{map[string]any{"columns": names, "rows": rows}}}
}

var workspaces = map[string]any{"value": []any{map[string]any{"properties": map[string]string{"customerId": "w"}}}}

func TestLogs(t *testing.T) {
	target, _ := azureWith(t, answers{
		"GET " + group + "/providers/Microsoft.OperationalInsights/workspaces": workspaces,
		"POST /v1/workspaces/w/query": func(body string, _ map[string][]string) any {
			if !strings.Contains(body, "ContainerAppConsoleLogs") || !strings.Contains(body, "timespan") {
				t.Errorf("the logs were asked %s", body)
			}
			return table([]string{"At", "Writer", "Line"}, []any{"1", "links--s1-x/app", "hello\n"}, []any{"1", "links--s1-x/app", "hello\n"}, []any{"2", "links--s1-x/migrate", "done"})
		},
	})
	var out bytes.Buffer
	if err := target.Logs(t.Context(), &out, stack, cli.LogOptions{Since: "10m"}); err != nil {
		t.Fatal(err)
	}
	if out.String() != "links--s1-x/app | hello\nlinks--s1-x/migrate | done\n" {
		t.Errorf("printed was %q", out.String())
	}
	for want, o := range map[string]cli.LogOptions{"--since x": {Since: "x"}, "database, edge, service, system": {Component: "dns"}} {
		if err := target.Logs(t.Context(), &out, stack, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	none, _ := azureWith(t, nil)
	if err := none.Logs(t.Context(), &out, stack, cli.LogOptions{}); err == nil || !strings.Contains(err.Error(), "has no logs") {
		t.Errorf("without a workspace: %v", err)
	}
}

// Following ends with the context, and prints no line twice.
func TestFollow(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	target, _ := azureWith(t, answers{
		"GET " + group + "/providers/Microsoft.OperationalInsights/workspaces": workspaces,
		"POST /v1/workspaces/w/query": func(string, map[string][]string) any {
			time.AfterFunc(50*time.Millisecond, stop)
			return table([]string{"At", "Writer", "Line"}, []any{"1", "a", "once"})
		},
	})
	var out bytes.Buffer
	if err := target.Logs(ctx, &out, stack, cli.LogOptions{Follow: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if out.String() != "a | once\n" {
		t.Errorf("printed was %q", out.String())
	}
}

func state(suffix string) []cli.Resource {
	return []cli.Resource{
		{URN: "urn:app", Type: "azure-native:app/v20241002preview:ContainerApp", ID: appID, Outputs: map[string]any{"template": map[string]any{"revisionSuffix": suffix}}},
		{URN: "urn:other", Type: "azure-native:app/v20241002preview:ManagedEnvironment", ID: "x"},
		{URN: "urn:broken", Type: "azure-native:app/v20241002preview:ContainerApp", ID: "y", Broken: true},
	}
}

// An app that runs another revision is read again, and only revisions that nobody calls are stopped.
func TestRepair(t *testing.T) {
	revision := func(name string, active bool, weight int) map[string]any {
		return map[string]any{"name": name, "properties": map[string]any{"active": active, "trafficWeight": weight}}
	}
	all := answers{
		"GET " + appID: map[string]any{"properties": map[string]any{
			"latestRevisionName": "links--s3-c", "latestReadyRevisionName": "links--s5-e",
			"configuration": map[string]any{"ingress": map[string]any{"traffic": []any{map[string]any{"revisionName": "links--s2-b", "label": "green", "weight": 0}}}},
		}},
		"GET " + appID + "/revisions": map[string]any{"value": []any{
			revision("links--s0-z", false, 0), revision("links--s1-a", true, 0), revision("links--s2-b", true, 0), revision("links--s3-c", true, 0), revision("links--s4-d", true, 10),
			revision("links--s5-e", true, 0), // serves while the latest one does not come up
		}},
		"POST " + appID + "/revisions/links--s1-a/deactivate": map[string]any{},
	}
	target, asked := azureWith(t, all)
	refresh, err := target.Repair(t.Context(), quiet(), stack, state("s3-c"))
	if err != nil || len(refresh) != 0 {
		t.Errorf("got %v, %v", refresh, err)
	}
	var stopped []string
	for _, one := range *asked {
		if strings.HasPrefix(one, "POST ") {
			stopped = append(stopped, one)
		}
	}
	if !slices.Equal(stopped, []string{"POST " + appID + "/revisions/links--s1-a/deactivate"}) {
		t.Errorf("stopped were %v", stopped)
	}
	target, _ = azureWith(t, all)
	if refresh, err := target.Repair(t.Context(), quiet(), stack, state("s2-b")); err != nil || !slices.Equal(refresh, []string{"urn:app"}) {
		t.Errorf("another revision: %v, %v", refresh, err)
	}
	target, _ = azureWith(t, nil)
	if refresh, err := target.Repair(t.Context(), quiet(), stack, state("s2-b")); err != nil || !slices.Equal(refresh, []string{"urn:app"}) {
		t.Errorf("an app that is gone: %v, %v", refresh, err)
	}
}

// Credentials are found in the order of the environment, the pipeline, and the az command.
func TestCredentials(t *testing.T) {
	for _, name := range []string{"ARM_TENANT_ID", "AZURE_TENANT_ID", "ARM_CLIENT_ID", "AZURE_CLIENT_ID", "ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET", "ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID", "ARM_OIDC_TOKEN", "ARM_OIDC_TOKEN_FILE_PATH", "AZURE_FEDERATED_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	dir := t.TempDir()
	script := "#!/bin/sh\nif [ \"$2\" = get-access-token ]; then echo " + secretToken + "; elif [ \"$2\" = show ]; then echo sub; fi\n"
	if err := os.WriteFile(filepath.Join(dir, "az"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if got, err := token(t.Context(), management); got != secretToken || err != nil {
		t.Errorf("by the az command: %q, %v", got, err)
	}
	if got, err := (&Client{}).subscription(t.Context(), ""); got != "sub" || err != nil {
		t.Errorf("the subscription is %q, %v", got, err)
	}
	t.Setenv("AZURE_SUBSCRIPTION_ID", "other")
	if got, _ := signedInSubscription(t.Context()); got != "other" {
		t.Errorf("the subscription is %q", got)
	}
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, []byte("of-the-pipeline\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
	if got, err := pipelineToken(t.Context()); got != "of-the-pipeline" || err != nil {
		t.Errorf("the pipeline's token is %q, %v", got, err)
	}
	pipeline := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("audience") != "api://AzureADTokenExchange" {
			w.WriteHeader(http.StatusBadRequest)
		}
		io.WriteString(w, `{"value":"by-request"}`)
	}))
	defer pipeline.Close()
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", "")
	t.Setenv("ARM_OIDC_REQUEST_URL", pipeline.URL+"/?x=1")
	t.Setenv("ARM_OIDC_REQUEST_TOKEN", "r")
	if got, err := pipelineToken(t.Context()); got != "by-request" || err != nil {
		t.Errorf("the pipeline's token is %q, %v", got, err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := token(t.Context(), management); err == nil || !strings.Contains(err.Error(), "no az command") {
		t.Errorf("without anything: %v", err)
	}
}
