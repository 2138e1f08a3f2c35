package e2e

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// slots asks which slots answer n requests.
func (s *suite) slots(t *testing.T, n int) map[string]int {
	t.Helper()
	out := map[string]int{}
	for range n {
		out[decode[readiness](t, s.site.ask(t, http.MethodGet, "/readyz", "").body).Slot]++
	}
	return out
}

// weights moves traffic to a green instance and back, through the runtime socket, and over a restart of the proxy.
func (s *suite) weights(t *testing.T) {
	edge, blue := s.container(t, "edge"), s.replicas(t)[0]
	args := []string{"run", "--detach", "--label", s.label(), "--network", "slipway-" + s.stack, "--network-alias", "green.slipway.internal",
		"--read-only", "--cap-drop", "ALL", "--user", blue.Config.User, "--memory", "256m"}
	for _, e := range blue.Config.Env {
		if !strings.HasPrefix(e, "SLIPWAY_SLOT=") {
			args = append(args, "--env", e)
		}
	}
	green := strings.TrimSpace(engine(t, append(args, "--env", "SLIPWAY_SLOT=green", blue.Image)...))
	removed := false
	remove := func() {
		if !removed {
			engine(t, "rm", "--force", green)
		}
		removed = true
	}
	t.Cleanup(remove)
	set := func(weight int) {
		t.Helper()
		if got, want := strings.TrimSpace(engine(t, "exec", edge.ID, "/slipway/set-weight", "green", fmt.Sprint(weight))), fmt.Sprintf(`{"green":%d,"blue":%d}`, weight, 100-weight); got != want {
			t.Errorf("set-weight prints %q, want %q", got, want)
		}
	}
	t.Cleanup(func() { set(0) })
	// Before green listens, the proxy might send it requests: one that DNS has just announced counts as up until its first check.
	eventually(t, 20*time.Second, func() string {
		if out, err := exec.Command("docker", "exec", green, "/links", "healthcheck").CombinedOutput(); err != nil {
			return fmt.Sprintf("green does not serve: %v: %s", err, out)
		}
		return ""
	})
	set(100)
	eventually(t, 20*time.Second, func() string {
		if got := s.slots(t, 20); got["green"] != 20 {
			return fmt.Sprintf("with weight 100, green answers %v", got)
		}
		return ""
	})
	set(50)
	if got := s.slots(t, 100); got["green"] < 20 || got["blue"] < 20 {
		t.Errorf("with weight 50 the slots answer %v of 100", got)
	}
	engine(t, "restart", edge.ID)
	s.allHealthy(t, time.Minute)
	if got := strings.TrimSpace(engine(t, "exec", edge.ID, "/slipway/get-weight")); got != `{"stored":{"green":50},"running":{"green":50}}` {
		t.Errorf("after a restart the weights are %s", got)
	}
	eventually(t, 20*time.Second, func() string {
		if got := s.slots(t, 50); got["green"] < 5 || got["blue"] < 5 {
			return fmt.Sprintf("after a restart with weight 50 the slots answer %v of 50", got)
		}
		return ""
	})
	set(0)
	if got := s.slots(t, 30); got["blue"] != 30 {
		t.Errorf("with weight 0 the slots answer %v", got)
	}
	req, err := http.NewRequest(http.MethodGet, s.site.url+"/readyz", nil)
	must(t, err)
	req.Header.Set("X-Slipway-Slot", "green")
	req.Header.Set("X-Slipway-Key", "guessed")
	res, err := s.site.http.Do(req)
	must(t, err)
	res.Body.Close()
	if res.Header.Get("X-Slipway-Slot") != "" {
		t.Error("a guessed key reaches a slot")
	}
	set(100)
	remove()
	// The slot that the weights choose is empty: the other one answers.
	for range 20 {
		s.site.follow(t, keptSlug, keptTarget)
	}
}

// rateLimit turns the proxy's limit on, at 60 requests a minute.
func (s *suite) rateLimit(t *testing.T) {
	s.must(t, "up", "-c", "edge.rateLimit=60")
	allowed, refused := 0, 0
	for range 60 {
		switch a := s.site.ask(t, http.MethodGet, "/healthz", ""); a.status {
		case http.StatusOK:
			allowed++
		case http.StatusTooManyRequests:
			refused++
			a.problem(t, http.StatusTooManyRequests)
			if a.header.Get("Retry-After") == "" {
				t.Error("429 has no Retry-After")
			}
		default:
			t.Errorf("answered %d", a.status)
		}
	}
	if allowed > 30 || refused < 30 {
		t.Errorf("%d of 60 requests were allowed, %d refused", allowed, refused)
	}
}

func (s *suite) rateLimitEnds(t *testing.T) {
	eventually(t, time.Minute, func() string {
		time.Sleep(2 * time.Second)
		if a := s.site.ask(t, http.MethodGet, "/"+keptSlug, ""); a.status != http.StatusFound {
			return fmt.Sprintf("answered %d", a.status)
		}
		return ""
	})
}
