package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/stacks/release"
)

// VersionHeader is the header in which the app says, on its health path, which version answers. See docs/app-contract.md.
const VersionHeader = "Slipway-Version"

// verifyFor is how long the public address may take to answer with the version that was deployed.
const verifyFor = 90 * time.Second

// askAgain is the pause after an answer that isn't the one waited for.
const askAgain = 500 * time.Millisecond

// rateLimited is an answer 429: other clients of this address, which behind Docker's published ports are all of this host, have used
// up the rate limit.
type rateLimited struct{ retryAfter time.Duration }

func (r rateLimited) Error() string {
	return "the rate limit (edge.rateLimit) is used up: it answers 429"
}

// refused is an answer that is no good one, with what it can mean at the public address.
type refused struct {
	status      int
	asked, path string
}

func (r refused) Error() string {
	text := fmt.Sprintf("%s answers %d", r.path, r.status)
	for _, row := range meanings {
		if row.status == r.status || row.status == r.status/100 {
			return text + ": " + row.text + " `curl -i " + r.asked + "` shows who answers"
		}
	}
	return text
}

// meanings are what statuses, or whole hundreds of them, mean where the resources are all there.
var meanings = []struct {
	status int
	text   string
}{
	{http.StatusNotFound, "the app has no such path, or what stands in front of it keeps the path for itself, as Google's front ends do with /healthz. Set app.healthPath to one that the app answers with 200."},
	{http.StatusUnauthorized, "the app wants a login there. Set app.healthPath to a path that needs none."},
	{http.StatusForbidden, "the firewall in front (edge.waf), or the app, refuses it. edge.wafMode detect lets it through and logs the rule."},
	{http.StatusBadGateway, "no instance answers the front door, or not on app.port."},
	{http.StatusServiceUnavailable, "no instance is ready, or the app says that it is not."},
	{http.StatusGatewayTimeout, "the instances don't answer in time."},
	{4, "the app refuses it. Set app.healthPath to a path that it answers with 200."},
	{5, "the app fails there."},
}

// verifyUp waits for a version that has traffic: the deployed one, or, while a rollout is under way, any of both.
func (c *command) verifyUp(ctx context.Context, s *session, o Outputs) error {
	if t, ok := c.target.(Settler); ok {
		if err := t.Settle(ctx, c.progress, s.Stack, o); err != nil {
			return err
		}
	}
	now, err := release.Parse(o.Release)
	if err != nil {
		return err
	}
	versions := []string{o.Version}
	for _, occupant := range now.Slots {
		if occupant.Weight > 0 && occupant.Version != o.Version {
			versions = append(versions, occupant.Version)
		}
	}
	return c.verify(ctx, s, o, versions...)
}

// verify asks the public address, over verified TLS, which version it serves. It fails if that is none of those wanted: Pulumi can
// only say that the resources were made.
func (c *command) verify(ctx context.Context, s *session, o Outputs, versions ...string) (err error) {
	url, ca, want := o.URL, o.CA, strings.Join(versions, " or ")
	asked := url + s.Config.App.HealthPath
	client, err := clientFor(ca)
	if err != nil {
		return err
	}
	step := c.progress.Start(fmt.Sprintf("waiting for version %s at %s", want, url))
	defer func() { step.Done(err) }()
	ctx, cancel := context.WithTimeout(ctx, verifyFor)
	defer cancel()
	var last error
	streak := 0
	for {
		wait := askAgain
		got, status, err := askVersion(ctx, client, asked)
		var limited rateLimited
		switch {
		case errors.As(err, &limited):
			// The edge's own answer: it says nothing about the version, so what was seen before it still counts.
			last, wait = err, limited.retryAfter
		case err != nil:
			last, streak = err, 0
		case status/100 != 2:
			last, streak = refused{status, asked, s.Config.App.HealthPath}, 0
		case got == "":
			step.Update("the app does not send the header " + VersionHeader + ": the version was not compared")
			return nil
		case !slices.Contains(versions, got):
			last, streak = fmt.Errorf("version %s answers, wanted is %s", got, want), 0
		default:
			// Once could be luck while old instances still answer.
			if streak++; streak == 5 {
				return nil
			}
			continue
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("version %s does not answer at %s: asked was GET %s (app.healthPath), and %w. See `go run . logs -s %s`", want, url, asked, cmp.Or(last, ctx.Err()), s.Name)
		case <-time.After(wait):
		}
	}
}

func clientFor(ca string) (*http.Client, error) {
	t := &http.Transport{DisableKeepAlives: true}
	if ca != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM([]byte(ca)) {
			return nil, errors.New("the stack's output ca is no certificate")
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: t, Timeout: 5 * time.Second}, nil
}

func askVersion(ctx context.Context, client *http.Client, url string) (version string, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", 0, err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusTooManyRequests {
		return "", res.StatusCode, rateLimited{retryAfter(res.Header.Get("Retry-After"))}
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	return res.Header.Get(VersionHeader), res.StatusCode, err
}

// retryAfter reads a Retry-After in seconds. The form with a date isn't worth the trouble: its sender is asked again soon.
// https://www.rfc-editor.org/rfc/rfc9110.html#name-retry-after
func retryAfter(header string) time.Duration {
	seconds, err := strconv.Atoi(header)
	if err != nil || seconds < 1 {
		return askAgain
	}
	return time.Duration(min(seconds, int(verifyFor/time.Second))) * time.Second
}
