package localdocker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
)

// The Pulumi types of what exists on the engine.
const (
	typeContainer = "docker:index/container:Container"
	typeImage     = "docker:index/remoteImage:RemoteImage"
	typeNetwork   = "docker:index/network:Network"
	typeVolume    = "docker:index/volume:Volume"
)

// Repair makes the engine and the state agree again:
//   - a container that the state does not know (its creation was cut off) is removed: its name would block the next one;
//   - one that runs once and failed, or whose creation failed, is removed: the provider would take it for good at the next run;
//   - one that has run once and well is removed too if a volume is gone: what it made, such as roles and tables, went with that;
//   - one that was stopped by hand is started, or removed if it can't be;
//   - so is a network that the state does not know: creation was cut off, or its containers were removed by hand;
//   - whatever the state knows and the engine does not have is to be read again, so that it is made anew.
func (Target) Repair(ctx context.Context, p *progress.Printer, s cli.Stack, state []cli.Resource) ([]string, error) {
	var running []inspected
	var refresh []string
	var owned, listed, looked error
	var wait sync.WaitGroup
	wait.Go(func() { owned = cmp.Or(ownedByOther(ctx, s), dataOfOther(ctx, s, state)) })
	wait.Go(func() { running, listed = containers(ctx, s) })
	wait.Go(func() { refresh, looked = missing(ctx, state) })
	wait.Wait()
	if owned != nil {
		return nil, owned
	}
	if err := errors.Join(listed, looked); err != nil {
		return nil, err
	}
	if len(running) > 0 && !slices.ContainsFunc(state, func(r cli.Resource) bool { return r.Type == typeNetwork }) {
		return nil, fmt.Errorf("stack %q has %d containers that this back end knows nothing of: it was made with another one (pulumi login, PULUMI_BACKEND_URL, or a .slipway folder that is gone). "+
			"Use that one, or remove them with: docker rm --force $(docker ps --all --quiet --filter label=%s); the next run then removes their network", s.Name, len(running), stackLabel(s))
	}
	byID := map[string]inspected{}
	for _, c := range running {
		byID[c.ID] = c
	}
	known := map[string]bool{}
	emptied := slices.ContainsFunc(state, func(r cli.Resource) bool { return r.Type == typeVolume && slices.Contains(refresh, r.URN) })
	for _, r := range state {
		if r.Type != typeContainer {
			continue
		}
		known[r.ID] = true
		lost, err := repairContainer(ctx, p, r, byID, emptied)
		if err != nil {
			return nil, err
		}
		if lost {
			refresh = append(refresh, r.URN)
		}
	}
	for _, c := range running {
		if !known[c.ID] {
			p.Println(fmt.Sprintf("removing container %s, which an interrupted run has left", strings.TrimPrefix(c.Name, "/")))
			if _, err := run(ctx, "rm", "--force", c.ID); err != nil {
				return nil, err
			}
		}
	}
	return refresh, removeUnknownNetworks(ctx, p, s, state)
}

// removeUnknownNetworks removes the stack's networks that the state does not have: their name would block the next one. No other
// checkout's is among them, as ownedByOther has refused, and Docker keeps one that containers still use.
func removeUnknownNetworks(ctx context.Context, p *progress.Printer, s cli.Stack, state []cli.Resource) error {
	out, err := run(ctx, "network", "ls", "--no-trunc", "--filter", "label="+stackLabel(s), "--format", "{{.ID}} {{.Name}}")
	if err != nil {
		return fmt.Errorf("listing networks: %w", err)
	}
	for line := range strings.Lines(out) {
		id, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if id == "" || slices.ContainsFunc(state, func(r cli.Resource) bool { return r.Type == typeNetwork && r.ID == id }) {
			continue
		}
		p.Println(fmt.Sprintf("removing network %s, which the state does not know", name))
		if _, err := run(ctx, "network", "rm", id); err != nil {
			return err
		}
	}
	return nil
}

// repairContainer reports whether the state must learn that the container is gone. What has run once runs again if a volume was emptied.
func repairContainer(ctx context.Context, p *progress.Printer, r cli.Resource, byID map[string]inspected, emptied bool) (bool, error) {
	c, exists := byID[r.ID]
	if !exists {
		return true, nil
	}
	mustRun, _ := r.Outputs["mustRun"].(bool)
	name := strings.TrimPrefix(c.Name, "/")
	switch {
	case r.Broken || !mustRun && !c.State.Running && c.State.ExitCode != 0:
		p.Println(fmt.Sprintf("removing container %s, which has failed, to run it again", name))
		_, err := run(ctx, "rm", "--force", r.ID)
		return true, err
	case emptied && !mustRun && c.State.Status == "exited":
		p.Println(fmt.Sprintf("removing container %s, to run it again: a volume is gone", name))
		_, err := run(ctx, "rm", "--force", r.ID)
		return true, err
	case mustRun && !c.State.Running && !r.Deleting:
		p.Println("starting container " + name + ", which was stopped")
		_, err := run(ctx, "start", r.ID)
		if err == nil || ctx.Err() != nil {
			return false, err
		}
		// Its network was removed meanwhile, or something else has its port. What it stores is on volumes.
		why, _, _ := strings.Cut(err.Error(), "\n")
		p.Println(fmt.Sprintf("removing container %s, to make it anew: it can't be started (%s)", name, why))
		_, err = run(ctx, "rm", "--force", r.ID)
		return true, err
	}
	return false, nil
}

// missing returns the URNs of the images, networks and volumes that the engine does not have. All of a kind are asked for at once; only
// if one is missing, they are one by one.
func missing(ctx context.Context, state []cli.Resource) (urns []string, err error) {
	for _, one := range []struct{ kind, pulumi string }{{"image", typeImage}, {"network", typeNetwork}, {"volume", typeVolume}} {
		var all []cli.Resource
		var names []string
		for _, r := range state {
			if r.Type == one.pulumi {
				all, names = append(all, r), append(names, engineName(r))
			}
		}
		if len(all) == 0 {
			continue
		}
		complete, err := exist(ctx, one.kind, names...)
		if err != nil {
			return nil, err
		}
		if complete {
			continue
		}
		for i, r := range all {
			there, err := exist(ctx, one.kind, names[i])
			if err != nil {
				return nil, err
			}
			if !there {
				urns = append(urns, r.URN)
			}
		}
	}
	return urns, nil
}

// engineName is what the engine knows an image, a network or a volume by.
func engineName(r cli.Resource) string {
	if r.Type == typeNetwork {
		return r.ID
	}
	name, _ := r.Outputs["name"].(string)
	return name
}

// exist tells whether the engine has all things of a kind.
func exist(ctx context.Context, kind string, names ...string) (bool, error) {
	_, err := run(ctx, append([]string{kind, "inspect", "--format", "{{.}}"}, names...)...)
	if err == nil {
		return true, nil
	}
	if strings.Contains(strings.ToLower(err.Error()), "no such") || strings.Contains(err.Error(), "not found") {
		return false, nil
	}
	return false, err
}
