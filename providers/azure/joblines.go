package azure

import (
	"context"
	"io"
	"net/http"
	"strings"
)

// lastLines are the last lines of an execution's containers, from their streams, or nothing where Azure has thrown them away already.
// Log Analytics has them too, some minutes later.
//   - https://learn.microsoft.com/azure/container-apps/log-streaming
//   - https://learn.microsoft.com/cli/azure/containerapp/job/logs
func (r REST) lastLines(ctx context.Context, token Token, job, execution string) string {
	type container struct{ LogStreamEndpoint string }
	replicas, err := pages[struct {
		Containers []container
		Properties struct{ Containers []container }
	}](ctx, r, token, job+"/executions/"+execution+"/replicas")
	var auth struct{ Properties struct{ Token string } }
	if err != nil || r.ask(ctx, token, http.MethodPost, job+"/getAuthToken", &auth) != nil {
		return ""
	}
	var all []string
	for _, replica := range replicas {
		for _, one := range append(replica.Containers, replica.Properties.Containers...) {
			if lines := r.stream(ctx, one.LogStreamEndpoint, auth.Properties.Token); lines != "" {
				all = append(all, lines)
			}
		}
	}
	return strings.Join(all, "\n")
}

// stream reads the end of a container's stream. The stream's own token opens it.
func (r REST) stream(ctx context.Context, address, token string) string {
	if address == "" {
		return ""
	}
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+separator+"follow=false&output=text&tailLines=20", nil)
	if err != nil {
		return ""
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := r.HTTP.Do(request)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil || answer.StatusCode != http.StatusOK {
		return ""
	}
	return strings.TrimSpace(string(text))
}
