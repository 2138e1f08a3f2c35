package gcpcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	driver "github.com/slipway-iac/slipway/providers/gcp"
)

const (
	// settleFor is how long certificate and load balancer may take. Both are usually there within 20 minutes.
	// https://cloud.google.com/certificate-manager/docs/deploy-google-managed-dns-auth
	settleFor = 45 * time.Minute
	// settleEvery is the time between two looks.
	settleEvery = 10 * time.Second
)

var _ cli.Settler = Target{}

// Settle waits until Google has issued the certificate and the load balancer speaks TLS with it, which the provider does not wait for.
// Meanwhile the alert on the public address is held back. Without a domain there is nothing to wait for; after the first deployment it is there at once.
func (Target) Settle(ctx context.Context, p *progress.Printer, s cli.Stack, o cli.Outputs) (err error) {
	if s.Config.Domain.Name == "" {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, settleFor)
	defer cancel()
	c, err := connect(limited, s)
	if err != nil {
		return err
	}
	step := p.Start("waiting for the certificate of " + s.Config.Domain.Name)
	defer func() { step.Done(err) }()
	still := &quiet{client: c, stack: s}
	for _, wait := range []func(context.Context) (string, error){
		func(ctx context.Context) (string, error) {
			missing, err := c.certificate(ctx, s)
			if missing != "" {
				still.begin(ctx)
			}
			return missing, err
		},
		func(ctx context.Context) (string, error) { return door(ctx, o.URL) },
	} {
		if err := until(limited, settleEvery, wait, step.Update); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
	}
	return still.end(ctx)
}

// until looks until there is nothing to wait for any more; a look says what that is.
func until(ctx context.Context, every time.Duration, look func(context.Context) (missing string, err error), say func(string)) error {
	for {
		missing, err := look(ctx)
		if err != nil || missing == "" {
			return err
		}
		say(missing)
		select {
		case <-ctx.Done():
			return fmt.Errorf("not there within %s: %s", settleFor, missing)
		case <-time.After(every):
		}
	}
}

// certificate tells what is missing of the stack's certificate. It fails when Google has given up.
// https://cloud.google.com/certificate-manager/docs/reference/certificate-manager/rest/v1/projects.locations.certificates
func (c *client) certificate(ctx context.Context, s cli.Stack) (string, error) {
	var answer struct {
		Certificates []struct {
			Name    string
			Managed struct {
				State                    string
				ProvisioningIssue        struct{ Reason, Details string }
				AuthorizationAttemptInfo []struct{ Domain, State, FailureReason, Details string }
			}
		}
	}
	address := c.host("certificatemanager") + "/v1/projects/" + c.project + "/locations/global/certificates"
	if err := c.get(ctx, address, url.Values{"pageSize": {"1000"}}, &answer); err != nil {
		return "", fmt.Errorf("asking for the certificate: %w", err)
	}
	prefix := driver.CertificateName(s.Config.App.Name, s.Name)
	for _, one := range answer.Certificates {
		name := one.Name[strings.LastIndex(one.Name, "/")+1:]
		if rest, ok := strings.CutPrefix(name, prefix); !ok || len(rest) != 7 || one.Managed.State == "ACTIVE" {
			if ok && len(rest) == 7 {
				return "", nil
			}
			continue
		}
		text := "the certificate is " + strings.ToLower(one.Managed.State)
		for _, attempt := range one.Managed.AuthorizationAttemptInfo {
			if attempt.FailureReason != "" {
				text += fmt.Sprintf("; %s: %s %s", attempt.Domain, attempt.FailureReason, attempt.Details)
			}
		}
		if one.Managed.State == "FAILED" {
			return "", fmt.Errorf("%s: %s %s. Its record must be in the zone that the world asks, and CAA records must allow pki.goog", text, one.Managed.ProvisioningIssue.Reason, one.Managed.ProvisioningIssue.Details)
		}
		return text, nil
	}
	return "", errors.New("the stack's certificate is not in Certificate Manager: `go run . up` makes it again after a refresh")
}

// door tells whether the public address speaks verified TLS. What it answers is looked at later.
func door(ctx context.Context, address string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return "", fmt.Errorf("asking the public address: %w", err)
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return "the load balancer does not answer yet: " + err.Error(), nil
	}
	answer.Body.Close()
	return "", nil
}
