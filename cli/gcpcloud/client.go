package gcpcloud

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/slipway-iac/slipway/cli"
)

const (
	// scope is what a token may do; the rest is a matter of IAM.
	// https://developers.google.com/identity/protocols/oauth2/scopes
	scope = "https://www.googleapis.com/auth/cloud-platform"
	// answerLimit bounds what is read of an answer.
	answerLimit = 32 << 20
)

// endpointVariable names another server for all of Google's APIs; tests use it. It stands before each API's path.
const endpointVariable = "SLIPWAY_GOOGLE_ENDPOINT"

// errNotFound is wrapped by the error of what does not exist, errDisabled by that of an API that is not on in the project.
var (
	errNotFound = errors.New("not found")
	errDisabled = errors.New("API is off")
)

// How often and after which pause a question is asked again that Google was too busy for: twice as long each time, unless it says how long.
// https://cloud.google.com/apis/design/errors#error_retries
const (
	attempts   = 4
	longPause  = 10 * time.Second
	firstPause = 500 * time.Millisecond
)

// client asks Google's APIs, which all speak JSON over HTTPS in the same way.
// https://cloud.google.com/apis/docs/http
type client struct {
	http              *http.Client
	project, region   string
	quota, substitute string
	// pause is that before the second attempt; firstPause if it is zero.
	pause time.Duration
}

// connect finds the credentials and the project: that of the configuration, else of the environment, else of the credentials.
//   - https://cloud.google.com/docs/authentication/application-default-credentials
//   - https://cloud.google.com/docs/quotas/quota-project
func connect(ctx context.Context, s cli.Stack) (*client, error) {
	c := &client{project: s.Config.GCP.Project, region: s.Config.Region, substitute: os.Getenv(endpointVariable)}
	found := ""
	if token := os.Getenv("GOOGLE_OAUTH_ACCESS_TOKEN"); token != "" {
		c.http = oauth2.NewClient(ctx, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}))
	} else {
		credentials, err := google.FindDefaultCredentials(ctx, scope)
		if err != nil {
			return nil, fmt.Errorf("finding credentials: %w", err)
		}
		c.http, found = oauth2.NewClient(ctx, credentials.TokenSource), credentials.ProjectID
	}
	for _, project := range []string{os.Getenv("GOOGLE_PROJECT"), os.Getenv("GOOGLE_CLOUD_PROJECT"), os.Getenv("CLOUDSDK_CORE_PROJECT"), found} {
		if c.project == "" {
			c.project = project
		}
	}
	if c.project == "" {
		return nil, errors.New("no project: set gcp.project, or GOOGLE_CLOUD_PROJECT")
	}
	c.quota = c.project // a person's credentials belong to no project of their own
	return c, nil
}

// host is the address of an API.
func (c *client) host(api string) string {
	if c.substitute != "" {
		return c.substitute + "/" + api
	}
	return "https://" + api + ".googleapis.com"
}

func (c *client) get(ctx context.Context, address string, query url.Values, into any) error {
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return c.do(ctx, http.MethodGet, address, nil, into)
}

func (c *client) post(ctx context.Context, address string, body, into any) error {
	return c.do(ctx, http.MethodPost, address, body, into)
}

// do sends a request and reads the answer, again if Google was too busy. An error is Google's own, in one line.
// https://cloud.google.com/apis/design/errors
func (c *client) do(ctx context.Context, method, address string, body, into any) error {
	var question []byte
	if body != nil {
		var err error
		if question, err = json.Marshal(body); err != nil {
			return fmt.Errorf("writing a question: %w", err)
		}
	}
	pause := cmp.Or(c.pause, firstPause)
	for attempt := 1; ; attempt++ {
		status, text, wait, err := c.send(ctx, method, address, question)
		if err != nil {
			return err
		}
		if status < http.StatusBadRequest {
			if err := json.Unmarshal(text, into); err != nil {
				return fmt.Errorf("reading Google Cloud's answer: %w", err)
			}
			return nil
		}
		if busy := status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable; !busy || attempt == attempts {
			return refusal(status, text)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(max(wait, pause), longPause)):
			pause *= 2
		}
	}
}

// send sends a request once. wait is how long Google asks to wait before the next one.
func (c *client) send(ctx context.Context, method, address string, question []byte) (status int, text []byte, wait time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(question))
	if err != nil {
		return 0, nil, 0, fmt.Errorf("asking Google Cloud: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Goog-User-Project", c.quota)
	answer, err := c.http.Do(request)
	if err != nil {
		return 0, nil, 0, reason(err)
	}
	defer answer.Body.Close()
	if text, err = io.ReadAll(io.LimitReader(answer.Body, answerLimit)); err != nil {
		return 0, nil, 0, fmt.Errorf("reading Google Cloud's answer: %w", err)
	}
	seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
	return answer.StatusCode, text, time.Duration(seconds) * time.Second, nil
}

// reason is an error of the transport without what it repeats of a token's request.
func reason(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return fmt.Errorf("the credentials are refused: %s %s", refused.ErrorCode, refused.ErrorDescription)
	}
	return fmt.Errorf("asking Google Cloud: %w", err)
}

func refusal(status int, text []byte) error {
	var answer struct {
		Error struct {
			Status, Message string
			Details         []struct{ Reason string }
		}
	}
	if json.Unmarshal(text, &answer) != nil || answer.Error.Message == "" {
		answer.Error.Status, answer.Error.Message = fmt.Sprint(status), http.StatusText(status)
	}
	err := fmt.Errorf("Google Cloud answers %s: %s", answer.Error.Status, answer.Error.Message)
	if status == http.StatusNotFound {
		return fmt.Errorf("%w: %w", errNotFound, err)
	}
	for _, detail := range answer.Error.Details {
		if detail.Reason == "SERVICE_DISABLED" {
			return fmt.Errorf("%w: %w", errDisabled, err)
		}
	}
	return err
}
