package localdocker

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/providers/docker"
)

var (
	_ cli.Watcher   = Target{}
	_ cli.Explainer = Target{}
)

// How an update is watched. An instance that ends is started again by the engine, after a pause that doubles from a tenth of a second.
// https://docs.docker.com/engine/containers/start-containers-automatically/#restart-policy-details
const (
	watchPause = 3 * time.Second
	// An instance may end once or twice before what it needs is there, so it is given up after some restarts, and not at once.
	watchLeast    = 15 * time.Second
	watchRestarts = 4
	// One that takes long to end is given up after fewer.
	watchLong         = 40 * time.Second
	watchLongRestarts = 2
)

// Watch gives up an update whose new instances end again and again: the gate in front of the traffic would wait for them until its time
// is over. That the engine can't be asked is no reason to end the update.
func (Target) Watch(ctx context.Context, s cli.Stack, state []cli.Resource) (reason string) {
	known := map[string]bool{}
	for _, r := range state {
		known[r.ID] = true
	}
	seen := map[string]time.Time{}
	for {
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(watchPause):
		}
		all, err := containers(ctx, s)
		if err != nil {
			continue
		}
		for _, c := range all {
			if known[c.ID] || !c.instance() {
				continue
			}
			if seen[c.ID].IsZero() {
				seen[c.ID] = time.Now()
			}
			if givenUp(c, time.Since(seen[c.ID])) {
				return "the new version ends again and again, so it takes no traffic; the one before, if there is one, goes on serving\n" + c.say(ctx, s)
			}
		}
	}
}

func givenUp(c inspected, watched time.Duration) bool {
	return watched >= watchLeast && c.RestartCount >= watchRestarts || watched >= watchLong && c.RestartCount >= watchLongRestarts
}

// notReady finds the instances that the gate of a new version complains of (images/haproxy/slipway/await).
var notReady = regexp.MustCompile(`(?m)^(\S+):\d+ did not become ready`)

// Explain tells of the instances that have kept an update from succeeding what they say themselves: their state, their exit code and the
// end of their log. Of those in the same state one is told.
func (Target) Explain(ctx context.Context, s cli.Stack) string {
	all, err := containers(ctx, s)
	if err != nil {
		return ""
	}
	var blamed []string
	for _, c := range all {
		if c.Config.Labels[docker.LabelComponent] == "service" && !c.instance() && !c.State.Running && c.State.ExitCode != 0 {
			for _, found := range notReady.FindAllStringSubmatch(strings.Join(words(ctx, c.ID), "\n"), -1) {
				blamed = append(blamed, found[1])
			}
		}
	}
	var out, told []string
	for _, c := range all {
		if !c.instance() || !slices.Contains(blamed, c.name()) && !givenUp(c, watchLong) {
			continue
		}
		if state := c.condition(); !slices.Contains(told, state) {
			told, out = append(told, state), append(out, c.say(ctx, s))
		}
	}
	return strings.Join(out, "\n")
}

// instance tells the app's containers from all others.
func (c inspected) instance() bool { return c.Config.Labels[docker.LabelSlot] != "" }

func (c inspected) name() string { return strings.TrimPrefix(c.Name, "/") }

// condition is a container's state in words.
func (c inspected) condition() string {
	state := "runs"
	switch {
	case c.State.Error != "":
		state = "can't be started: " + c.State.Error
	case c.State.OOMKilled:
		state = "was killed because it has used more memory than app.memory"
	case !c.State.Running || c.State.Restarting:
		state = fmt.Sprintf("ended with exit code %d", c.State.ExitCode)
	case c.RestartCount > 0:
		state = fmt.Sprintf("has ended, last with exit code %d", c.State.ExitCode)
	}
	if c.RestartCount > 0 {
		state += ", and was started again"
	}
	return state
}

// How much of a log is told.
const (
	logLines = 12
	logWidth = 300 // bytes of a line
)

// say tells a container's state and the end of its log, without the requests of those who only look whether it is there.
func (c inspected) say(ctx context.Context, s cli.Stack) string {
	all := words(ctx, c.ID)
	said := slices.DeleteFunc(slices.Clone(all), func(line string) bool {
		return slices.ContainsFunc([]string{s.Config.App.ReadyPath, s.Config.App.HealthPath, "/metrics"}, func(path string) bool {
			return path != "" && strings.Contains(line, path)
		})
	})
	if len(said) == 0 {
		said = all
	}
	if len(said) == 0 {
		return fmt.Sprintf("%s %s. It has written nothing.", c.name(), c.condition())
	}
	text := ""
	for _, line := range said[max(0, len(said)-logLines):] {
		if len(line) > logWidth {
			line = line[:logWidth] + "…"
		}
		text += "\n  " + line
	}
	return fmt.Sprintf("%s %s. Its last words:%s", c.name(), c.condition(), text)
}

// words are the last lines of a container's log, of both streams.
func words(ctx context.Context, id string) []string {
	text, err := exec.CommandContext(ctx, "docker", "logs", "--tail", "300", id).CombinedOutput()
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(strings.Split(strings.ToValidUTF8(string(text), "?"), "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
}
