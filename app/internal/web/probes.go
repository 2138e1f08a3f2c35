package web

import "net/http"

const headerVersion = "Slipway-Version"

type probe struct {
	Status       string            `json:"status"` // ok, ready, degraded or draining
	Version      string            `json:"version"`
	Slot         string            `json:"slot"`
	Dependencies map[string]string `json:"dependencies,omitempty"` // up, down or off
}

// healthz says that the process answers: restarting it would not help against anything else.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header()[headerVersion] = s.version
	reply(w, http.StatusOK, probe{Status: "ok", Version: s.Version, Slot: s.Slot})
}

// readyz fails only while draining. A dependency's outage is told in the body: it hits all instances at once, and a
// proxy that took them all out would turn slow answers into none.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	w.Header()[headerVersion] = s.version
	p := probe{Status: "ready", Version: s.Version, Slot: s.Slot,
		Dependencies: map[string]string{"database": "up", "cache": "off"}}
	if !s.Database.Up() {
		p.Status, p.Dependencies["database"] = "degraded", "down"
	}
	if s.Cache != nil {
		p.Dependencies["cache"] = "up"
		if !s.Cache.Up() {
			p.Status, p.Dependencies["cache"] = "degraded", "down"
		}
	}
	status := http.StatusOK
	if s.draining.Load() {
		p.Status, status = "draining", http.StatusServiceUnavailable
	}
	reply(w, status, p)
}
