package azure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Token returns a token of the deployer for Azure's management.
type Token func() (string, error)

// Operations are what a deployment does in Azure beside making resources. REST is Azure's own; a simulation has another.
type Operations interface {
	// RunJob starts a job and waits until the execution has succeeded, unless one with the same content has before. It fails if the
	// execution does.
	RunJob(ctx context.Context, token Token, job, content string) error
	// StopRevisions deactivates an app's revisions that have neither traffic nor label, but those of keep.
	StopRevisions(ctx context.Context, token Token, app string, keep []string) error
}

// deployer asks the provider for a token when one is needed: a database takes longer to make than a token lasts at worst.
// https://www.pulumi.com/registry/packages/azure-native/api-docs/authorization/getclienttoken/
func (p *Platform) deployer(ctx *pulumi.Context) Token {
	return func() (string, error) {
		var own struct {
			Token string `pulumi:"token"`
		}
		if err := ctx.Invoke("azure-native:authorization:getClientToken", nil, &own, pulumi.Parent(p), pulumi.Provider(p.cloud)); err != nil {
			return "", fmt.Errorf("asking for a token of the deployer: %w", err)
		}
		return own.Token, nil
	}
}

// REST asks Azure Resource Manager by plain requests. The zero value is not ready to use: see NewREST.
type REST struct {
	// Management is the address of Resource Manager. Required.
	Management string
	// HTTP sends requests. Required.
	HTTP *http.Client
	// Patience and Pause are how long an execution is waited for, and how often it is asked for. Required.
	Patience, Pause time.Duration
}

// NewREST asks Azure's public cloud.
func NewREST() REST {
	return REST{Management: "https://management.azure.com", HTTP: &http.Client{Timeout: time.Minute}, Patience: stepSeconds*time.Second + 10*time.Minute, Pause: 5 * time.Second}
}

// apiOperations is the API version of Container Apps' operations. It is the one that says why an execution has ended.
const apiOperations = "2024-10-02-preview"

// execution is one run of a job.
// https://learn.microsoft.com/rest/api/resource-manager/containerapps/jobs-executions/list
type execution struct {
	Name       string
	Properties struct {
		Status   string
		Template struct {
			Containers []struct {
				Env []struct{ Name, Value string }
			}
		}
		DetailedStatus struct {
			Replicas []struct {
				Containers []struct {
					Name, Status, AdditionalInformation string
					Code                                int
				}
			}
		}
	}
}

// runs tells whether the execution has this content.
func (e execution) runs(content string) bool {
	for _, c := range e.Properties.Template.Containers {
		for _, v := range c.Env {
			if v.Name == contentVariable && v.Value == content {
				return true
			}
		}
	}
	return false
}

// ended tells whether the execution is over.
func (e execution) ended() bool {
	return slices.Contains([]string{"Succeeded", "Failed", "Stopped", "Degraded"}, e.Properties.Status)
}

// reason is what Azure says of the containers' ends.
func (e execution) reason() string {
	var all []string
	for _, r := range e.Properties.DetailedStatus.Replicas {
		for _, c := range r.Containers {
			if c.Code != 0 {
				all = append(all, strings.TrimSpace(fmt.Sprintf("%s exited with code %d %s", c.Name, c.Code, c.AdditionalInformation)))
			}
		}
	}
	return strings.Join(all, "; ")
}

// RunJob implements Operations. What an update that was cut off has started is waited for.
//   - https://learn.microsoft.com/rest/api/resource-manager/containerapps/jobs/start
//   - https://learn.microsoft.com/azure/container-apps/jobs#job-execution-history
func (r REST) RunJob(ctx context.Context, token Token, job, content string) error {
	before, err := r.executions(ctx, token, job)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, e := range before {
		switch {
		case e.runs(content) && e.Properties.Status == "Succeeded":
			return nil
		case e.runs(content) && !e.ended():
			return r.await(ctx, token, job, func(one execution) bool { return one.Name == e.Name })
		}
		known[e.Name] = true
	}
	if err := r.ask(ctx, token, http.MethodPost, job+"/start", nil); err != nil {
		return fmt.Errorf("starting the job: %w", err)
	}
	return r.await(ctx, token, job, func(one execution) bool { return !known[one.Name] })
}

// await waits for the execution to succeed.
func (r REST) await(ctx context.Context, token Token, job string, ours func(execution) bool) error {
	var last execution
	_, done, err := watching{limit: r.Patience, pause: r.Pause}.until(ctx, func() (string, bool, error) {
		all, err := r.executions(ctx, token, job)
		if i := slices.IndexFunc(all, ours); i >= 0 {
			last = all[i]
		}
		return last.Name, last.ended(), err
	})
	switch {
	case err != nil:
		return err
	case last.Properties.Status == "Succeeded":
		return nil
	}
	parts := strings.Split(job, "/")
	where := fmt.Sprintf("its lines: az containerapp job logs show --name %s --resource-group %s --container %s --execution %s", path.Base(job), parts[min(4, len(parts)-1)], job[strings.LastIndex(job, "-")+1:], last.Name)
	if !done {
		return fmt.Errorf("execution %q is %q after %s; %s", last.Name, last.Properties.Status, r.Patience, where)
	}
	text := fmt.Sprintf("execution %s is %s: %s", last.Name, last.Properties.Status, last.reason())
	if lines := r.lastLines(ctx, token, job, last.Name); lines != "" {
		return fmt.Errorf("%s. Its last lines:\n%s", text, lines)
	}
	return fmt.Errorf("%s; %s", text, where)
}

func (r REST) executions(ctx context.Context, token Token, job string) ([]execution, error) {
	all, err := pages[execution](ctx, r, token, job+"/executions")
	if err != nil {
		return nil, fmt.Errorf("listing the executions of the job: %w", err)
	}
	return all, nil
}

// StopRevisions implements Operations.
//   - https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps-revisions/list-revisions
//   - https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps-revisions/deactivate-revision
func (r REST) StopRevisions(ctx context.Context, token Token, app string, keep []string) error {
	all, err := pages[struct {
		Name       string
		Properties struct {
			Active        bool
			TrafficWeight int
			Labels        []string
		}
	}](ctx, r, token, app+"/revisions")
	if err != nil {
		return fmt.Errorf("listing revisions: %w", err)
	}
	for _, one := range all {
		if !one.Properties.Active || one.Properties.TrafficWeight > 0 || len(one.Properties.Labels) > 0 || slices.Contains(keep, one.Name) {
			continue
		}
		if err := r.ask(ctx, token, http.MethodPost, app+"/revisions/"+one.Name+"/deactivate", nil); err != nil {
			return fmt.Errorf("stopping revision %s: %w", one.Name, err)
		}
	}
	return nil
}

// pages reads all pages of a list.
func pages[T any](ctx context.Context, r REST, token Token, from string) ([]T, error) {
	var all []T
	for from != "" {
		var page struct {
			Value    []T
			NextLink string
		}
		if err := r.ask(ctx, token, http.MethodGet, from, &page); err != nil {
			return nil, err
		}
		all, from = append(all, page.Value...), ""
		if next, err := url.Parse(page.NextLink); err == nil && page.NextLink != "" {
			from = next.RequestURI()
		}
	}
	return all, nil
}

// ask sends a request and reads the JSON of the answer into out, if it is not nil. Errors hold Azure's own words, never the token.
func (r REST) ask(ctx context.Context, token Token, method, from string, out any) error {
	key, err := token()
	if err != nil {
		return err
	}
	if !strings.Contains(from, "api-version=") {
		from += "?api-version=" + apiOperations
	}
	request, err := http.NewRequestWithContext(ctx, method, r.Management+from, bytes.NewReader(nil))
	if err != nil {
		return fmt.Errorf("asking Azure: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	answer, err := r.HTTP.Do(request)
	if err != nil {
		return fmt.Errorf("asking Azure: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<20))
	if err != nil {
		return fmt.Errorf("reading Azure's answer: %w", err)
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		var body struct {
			Error struct{ Code, Message string }
		}
		if json.Unmarshal(text, &body) == nil && body.Error.Code != "" {
			return fmt.Errorf("Azure answers %s: %s", body.Error.Code, body.Error.Message)
		}
		return errors.New("Azure answers " + answer.Status)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("reading Azure's answer: %w", err)
	}
	return nil
}
