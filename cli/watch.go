package cli

import "context"

// watch gives a context for an update: it ends as soon as the target sees that what the update makes won't come up, which interrupts the
// update. What is new is what the last repair has not found in the state. broken ends the watch and says why that was, or nothing.
func (s *session) watch(ctx context.Context, c *command) (watched context.Context, broken func() string) {
	w, ok := c.target.(Watcher)
	if !ok {
		return ctx, func() string { return "" }
	}
	watched, cancel := context.WithCancel(ctx)
	reasons := make(chan string, 1)
	go func() {
		reason := w.Watch(watched, s.Stack, s.known)
		if reason != "" {
			cancel()
		}
		reasons <- reason
	}()
	return watched, func() string { cancel(); return <-reasons }
}

// explain is what the target knows of why an update has failed, with a new line before it; or nothing, also where it was interrupted.
func (s *session) explain(ctx context.Context, c *command) string {
	e, ok := c.target.(Explainer)
	if !ok || ctx.Err() != nil {
		return ""
	}
	if text := e.Explain(ctx, s.Stack); text != "" {
		return "\n" + text
	}
	return ""
}
