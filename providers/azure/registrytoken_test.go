package azure

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The exchange sends what the registry wants, and no error repeats a token.
func TestExchangeToken(t *testing.T) {
	status, body := http.StatusOK, `{"refresh_token":"of-the-registry"}`
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/oauth2/exchange" || r.FormValue("grant_type") != "access_token" || r.FormValue("tenant") != "tenant" || r.FormValue("access_token") != "own" || r.FormValue("service") != r.Host {
			t.Errorf("the registry was asked %s with %v", r.URL, r.Form)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	before := http.DefaultClient
	http.DefaultClient = server.Client()
	defer func() { http.DefaultClient = before }()
	registry := strings.TrimPrefix(server.URL, "https://")
	if got, err := ExchangeToken(t.Context(), registry, "tenant", "own"); got != "of-the-registry" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for _, row := range []struct {
		status     int
		body, want string
	}{{401, "own", "AcrPush"}, {200, "{}", "there is none"}, {200, "own", "reading the token"}} {
		status, body = row.status, row.body
		_, err := ExchangeToken(t.Context(), registry, "tenant", "own")
		if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "own") {
			t.Errorf("%d %s: %v", row.status, row.body, err)
		}
	}
}
