package gcpcloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

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

// errNotFound is wrapped by the error of what does not exist.
var errNotFound = errors.New("not found")

// client asks Google's APIs, which all speak JSON over HTTPS in the same way.
// https://cloud.google.com/apis/docs/http
type client struct {
	http              *http.Client
	project, region   string
	quota, substitute string
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

// do sends a request and reads the answer. An error is Google's own, in one line.
// https://cloud.google.com/apis/design/errors
func (c *client) do(ctx context.Context, method, address string, body, into any) error {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("writing a question: %w", err)
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return fmt.Errorf("asking Google Cloud: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Goog-User-Project", c.quota)
	answer, err := c.http.Do(request)
	if err != nil {
		return reason(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("reading Google Cloud's answer: %w", err)
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return refusal(answer.StatusCode, text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("reading Google Cloud's answer: %w", err)
	}
	return nil
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
		Error struct{ Status, Message string }
	}
	if json.Unmarshal(text, &answer) != nil || answer.Error.Message == "" {
		answer.Error.Status, answer.Error.Message = fmt.Sprint(status), http.StatusText(status)
	}
	err := fmt.Errorf("Google Cloud answers %s: %s", answer.Error.Status, answer.Error.Message)
	if status == http.StatusNotFound {
		return fmt.Errorf("%w: %w", errNotFound, err)
	}
	return err
}
