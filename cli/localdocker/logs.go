package localdocker

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/providers/docker"
)

// Logs copies the logs of the stack's containers, each line with the container's name before it.
func (Target) Logs(ctx context.Context, w io.Writer, s cli.Stack, o cli.LogOptions) error {
	all, err := containers(ctx, s)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	var chosen []inspected
	for _, c := range all {
		component := c.Config.Labels[docker.LabelComponent]
		names[component] = true
		if o.Component == "" || o.Component == component {
			chosen = append(chosen, c)
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("stack %q has no containers: `go run . up -s %s` makes it", s.Name, s.Name)
	}
	if len(chosen) == 0 {
		return fmt.Errorf("there is no component %q: the components are %s", o.Component, strings.Join(slices.Sorted(maps.Keys(names)), ", "))
	}
	lines := &lineWriter{w: w}
	var wait sync.WaitGroup
	errs := make([]error, len(chosen))
	for i, c := range chosen {
		wait.Go(func() { errs[i] = copyLog(ctx, lines, c, o) })
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func copyLog(ctx context.Context, w *lineWriter, c inspected, o cli.LogOptions) error {
	args := []string{"logs"}
	if o.Follow {
		args = append(args, "--follow")
	}
	if o.Since != "" {
		args = append(args, "--since", o.Since)
	}
	cmd := exec.CommandContext(ctx, "docker", append(args, c.ID)...)
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("reading logs: %w", err)
	}
	ended := make(chan error, 1)
	go func() { err := cmd.Wait(); write.Close(); ended <- err }()
	name := strings.TrimPrefix(c.Name, "/")
	lines := bufio.NewReader(read)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			w.print(name, strings.TrimRight(line, "\n"))
		}
		if err != nil {
			break
		}
	}
	if err := <-ended; err != nil && ctx.Err() == nil {
		return fmt.Errorf("reading logs of %s: %w", name, err)
	}
	return nil
}

// lineWriter keeps the lines of several containers whole.
type lineWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lineWriter) print(name, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, "%s | %s\n", name, line)
}
