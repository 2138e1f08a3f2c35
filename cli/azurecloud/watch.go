package azurecloud

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/cli"
	driver "github.com/slipway-iac/slipway/providers/azure"
)

const (
	// watchPause is the time between two looks at an app that is being updated.
	watchPause = 10 * time.Second
	// crashes is how many restarts of a container that is not ready make a crash loop: the third attempt comes after half a minute.
	crashes = 2
	// lastLines is how many lines of a container are shown.
	lastLines = 20
)

var _ cli.Watcher = Target{}

// Watch looks at the stack's app while an update makes or changes it, and returns why a new revision won't come up: a container that ends
// again and again, or an image that can't be pulled. Azure itself waits until its own time is over. With the reason come what Azure says of
// the container, its exit code among it, and its last lines, from its stream and not from the logs, which are minutes late. That Azure can't
// be asked is no reason to end the update.
//   - https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps-revision-replicas/list-replicas
//   - https://learn.microsoft.com/azure/container-apps/log-streaming
func (t Target) Watch(ctx context.Context, s cli.Stack, state []cli.Resource) string {
	return t.watch(ctx, s, state, watchPause)
}

func (t Target) watch(ctx context.Context, s cli.Stack, state []cli.Resource, pause time.Duration) string {
	c := t.client()
	group, err := t.group(ctx, c, s)
	if err != nil {
		return ""
	}
	w := watcher{client: c, app: group + "/providers/Microsoft.App/containerApps/" + driver.AppName(s.Config.App.Name, s.Name)}
	for _, r := range state {
		if strings.HasPrefix(r.Type, "azure-native:app/") && strings.HasSuffix(r.Type, typeApp) {
			template, _ := r.Outputs["template"].(map[string]any)
			w.known, _ = template["revisionSuffix"].(string)
		}
	}
	for {
		if reason := w.look(ctx); reason != "" {
			return reason
		}
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(pause):
		}
	}
}

// watcher looks at one app. known is the end of the name of the latest revision before the update.
type watcher struct {
	client     *Client
	app, known string
}

// container is one of a replica's.
type container struct {
	Name                string
	Ready               bool
	RestartCount        int
	RunningState        string
	RunningStateDetails string
	LogStreamEndpoint   string
}

// hopeless are the states of a container that waiting does not mend.
// https://learn.microsoft.com/azure/container-apps/troubleshoot-container-start-failures
var hopeless = regexp.MustCompile(`(?i)(crashloopbackoff|imagepullbackoff|errimagepull|invalidimagename|createcontainerconfigerror|createcontainererror|runcontainererror)`)

// look asks once, and returns why the latest revision won't come up, or nothing.
func (w watcher) look(ctx context.Context) string {
	var live struct {
		Properties struct {
			LatestRevisionName, LatestReadyRevisionName, EventStreamEndpoint string
		}
	}
	if err := w.client.get(ctx, w.app, apiApps, nil, &live); err != nil {
		return ""
	}
	latest := live.Properties.LatestRevisionName
	if latest == "" || latest == live.Properties.LatestReadyRevisionName || w.known != "" && strings.HasSuffix(latest, "--"+w.known) {
		return ""
	}
	replicas, err := list[struct {
		Properties struct{ Containers []container }
	}](ctx, w.client, w.app+"/revisions/"+latest+"/replicas", apiApps, nil)
	if err != nil {
		return ""
	}
	for _, r := range replicas {
		for _, one := range r.Properties.Containers {
			if !one.Ready && (one.RestartCount >= crashes || hopeless.MatchString(one.RunningStateDetails)) {
				return w.reason(ctx, latest, one, live.Properties.EventStreamEndpoint)
			}
		}
	}
	return ""
}

// reason says what is wrong with a container.
func (w watcher) reason(ctx context.Context, revision string, one container, events string) string {
	text := fmt.Sprintf("revision %s does not come up: container %s was started %d times, and is %s", revision, one.Name, one.RestartCount+1, strings.TrimSpace(strings.ToLower(one.RunningState)+" "+one.RunningStateDetails))
	var auth struct{ Properties struct{ Token string } }
	if err := w.client.ask(ctx, http.MethodPost, w.client.Management, w.app+"/getAuthToken", apiApps, nil, nil, &auth); err != nil {
		return text + "; its lines can't be read: " + err.Error()
	}
	if ended := w.ended(ctx, events, auth.Properties.Token, revision, one.Name); ended != "" {
		text += "\n" + ended
	}
	if lines := w.client.stream(ctx, one.LogStreamEndpoint, auth.Properties.Token); lines != "" {
		return text + "\nIts last lines:\n" + lines
	}
	return text + "\nIt has written nothing."
}

// exit finds how a container has ended in the system's events.
var exit = regexp.MustCompile(`(?i)exit ?code`)

// ended is the last event about the end of a container of a revision.
func (w watcher) ended(ctx context.Context, events, token, revision, name string) string {
	last := ""
	for _, line := range strings.Split(w.client.stream(ctx, events, token), "\n") {
		if exit.MatchString(line) && (strings.Contains(line, revision) || strings.Contains(line, "'"+name+"'")) {
			last = strings.TrimSpace(line)
		}
	}
	return last
}

// stream reads the end of a stream of lines, or nothing. The stream's own token opens it, for this app alone.
// https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps/get-auth-token
func (c *Client) stream(ctx context.Context, address, token string) string {
	if address == "" {
		return ""
	}
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	request, err := http.NewRequestWithContext(limited, http.MethodGet, address+separator+fmt.Sprintf("follow=false&output=text&tailLines=%d", lastLines), nil)
	if err != nil {
		return ""
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := c.HTTP.Do(request)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil || answer.StatusCode != http.StatusOK {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(strings.Join(lines[max(0, len(lines)-lastLines):], "\n"))
}
