package gcpcloud

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/stacks"
)

const certificates = "GET /certificatemanager/v1/projects/links-production/locations/global/certificates"

func certificateIn(state string, more map[string]any) answer {
	managed := map[string]any{"state": state}
	for k, v := range more {
		managed[k] = v
	}
	return says(map[string]any{"certificates": []any{
		map[string]any{"name": "projects/links-production/locations/global/certificates/links-prod2-certificate-1234567", "managed": map[string]any{"state": "FAILED"}},
		map[string]any{"name": "projects/links-production/locations/global/certificates/links-prod-certificate-1234567", "managed": managed},
	}})
}

func TestCertificate(t *testing.T) {
	for _, row := range []struct {
		answer        answer
		missing, fail string
	}{
		{certificateIn("ACTIVE", nil), "", ""},
		{certificateIn("PROVISIONING", nil), "the certificate is provisioning", ""},
		{certificateIn("PROVISIONING", map[string]any{"authorizationAttemptInfo": []any{map[string]any{"domain": "links.example.com", "failureReason": "CONFIG", "details": "no record"}}}), "links.example.com: CONFIG no record", ""},
		{certificateIn("FAILED", map[string]any{"provisioningIssue": map[string]any{"reason": "AUTHORIZATION_ISSUE"}}), "", "AUTHORIZATION_ISSUE"},
		{says(map[string]any{}), "", "is not in Certificate Manager"},
		{refused(http.StatusForbidden, "PERMISSION_DENIED", "no"), "", "PERMISSION_DENIED"},
	} {
		standIn(t, map[string]answer{certificates: row.answer})
		c, err := connect(t.Context(), stack)
		if err != nil {
			t.Fatal(err)
		}
		missing, err := c.certificate(t.Context(), stack)
		if (row.missing == "") != (missing == "") || !strings.Contains(missing, row.missing) || (err == nil) != (row.fail == "") || err != nil && !strings.Contains(err.Error(), row.fail) {
			t.Errorf("got %q, %v, want %q, %q", missing, err, row.missing, row.fail)
		}
	}
}

func TestUntil(t *testing.T) {
	looks, said := 0, ""
	err := until(t.Context(), time.Millisecond, func(context.Context) (string, error) {
		if looks++; looks < 3 {
			return "not yet", nil
		}
		return "", nil
	}, func(text string) { said = text })
	if err != nil || looks != 3 || said != "not yet" {
		t.Errorf("%d looks, said %q, %v", looks, said, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if err := until(ctx, time.Hour, func(context.Context) (string, error) { return "never", nil }, func(string) {}); err == nil || !strings.Contains(err.Error(), "never") {
		t.Errorf("got %v", err)
	}
	failure := errors.New("given up")
	if err := until(t.Context(), time.Hour, func(context.Context) (string, error) { return "", failure }, func(string) {}); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
}

func TestDoor(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	if missing, err := door(t.Context(), server.URL); err != nil || !strings.Contains(missing, "certificate") {
		t.Errorf("an unknown authority passes: %q, %v", missing, err)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	if missing, err := door(t.Context(), plain.URL); err != nil || missing != "" {
		t.Errorf("any answer is one: %q, %v", missing, err)
	}
}

func TestSettle(t *testing.T) {
	asked := standIn(t, map[string]answer{certificates: certificateIn("ACTIVE", nil)})
	if err := (Target{}).Settle(t.Context(), progress.New(io.Discard), stack, cli.Outputs{}); err != nil || len(*asked) != 0 {
		t.Errorf("without a domain: %v, asked %q", err, *asked)
	}
	public := httptest.NewServer(http.NotFoundHandler())
	defer public.Close()
	named := stack
	named.Config.Domain = stacks.Domain{Name: "links.example.com", Zone: "example.com"}
	if err := (Target{}).Settle(t.Context(), progress.New(io.Discard), named, cli.Outputs{URL: public.URL}); err != nil || len(*asked) != 1 {
		t.Errorf("got %v, asked %q", err, *asked)
	}
	standIn(t, map[string]answer{certificates: func(url.Values, map[string]any) (int, any) { return http.StatusForbidden, map[string]any{} }})
	if err := (Target{}).Settle(t.Context(), progress.New(io.Discard), named, cli.Outputs{URL: public.URL}); err == nil {
		t.Error("a refusal passes")
	}
}
