package azurecloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Azure's public interfaces; each is the audience of its tokens too.
const (
	management = "https://management.azure.com"
	queries    = "https://api.loganalytics.io"
)

// apiApps is the API version of Container Apps in this package.
const apiApps = "2025-01-01"

// Client asks Azure's interfaces by plain REST: the few questions of this package are not worth an SDK.
type Client struct {
	// Management and Logs are the addresses of Resource Manager and of Log Analytics. Required.
	Management, Logs string
	// Token returns a token for an address. Required.
	Token func(ctx context.Context, audience string) (string, error)
	// HTTP sends requests. Required.
	HTTP *http.Client
}

// errAbsent is wrapped where Azure answers that something is not there.
var errAbsent = errors.New("not there")

// get reads from Resource Manager.
func (c *Client) get(ctx context.Context, path, version string, query url.Values, out any) error {
	return c.ask(ctx, http.MethodGet, c.Management, path, version, query, nil, out)
}

// post starts something at Resource Manager.
func (c *Client) post(ctx context.Context, path, version string) error {
	return c.ask(ctx, http.MethodPost, c.Management, path, version, nil, nil, nil)
}

// ask sends a request and reads the JSON of the answer into out, if it is not nil. Errors hold Azure's own words, never a token.
// https://learn.microsoft.com/rest/api/azure/
func (c *Client) ask(ctx context.Context, method, base, path, version string, query url.Values, body, out any) error {
	key, err := c.Token(ctx, base)
	if err != nil {
		return err
	}
	if query == nil {
		query = url.Values{}
	}
	if version != "" {
		query.Set("api-version", version)
	}
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("writing a question to Azure: %w", err)
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, base+path+"?"+query.Encode(), content)
	if err != nil {
		return fmt.Errorf("asking Azure: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	answer, err := c.HTTP.Do(request)
	if err != nil {
		return fmt.Errorf("asking Azure: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<20))
	if err != nil {
		return fmt.Errorf("reading Azure's answer: %w", err)
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		return refusal(answer.StatusCode, text)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("reading Azure's answer: %w", err)
	}
	return nil
}

// refusal is an error of Azure in few words.
func refusal(status int, text []byte) error {
	var body struct {
		Error struct{ Code, Message string }
	}
	err := fmt.Errorf("Azure answers %d", status)
	if json.Unmarshal(text, &body) == nil && body.Error.Code != "" {
		err = fmt.Errorf("Azure answers %s: %s", body.Error.Code, body.Error.Message)
	}
	if status == http.StatusNotFound {
		err = fmt.Errorf("%w: %w", errAbsent, err)
	}
	return err
}

// subscription is the configured one, else the one that is signed in.
func (c *Client) subscription(ctx context.Context, configured string) (string, error) {
	if configured != "" {
		return configured, nil
	}
	return signedInSubscription(ctx)
}

// list reads all pages of a list.
func list[T any](ctx context.Context, c *Client, path, version string, query url.Values) ([]T, error) {
	var all []T
	for {
		var page struct {
			Value    []T    `json:"value"`
			NextLink string `json:"nextLink"`
		}
		if err := c.get(ctx, path, version, query, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Value...)
		next, err := url.Parse(page.NextLink)
		if page.NextLink == "" || err != nil {
			return all, err
		}
		path, query = next.Path, next.Query()
	}
}
