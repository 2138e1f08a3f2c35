package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/simulate"
	"github.com/slipway-iac/slipway/stacks"
)

// destroy removes the stack. What is protected, because users have stored something in it, stays, with the passwords that open
// it, until --delete-data is given; at a terminal it asks even then.
func destroy(ctx context.Context, c *command) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	if err := s.repair(ctx, c); err != nil {
		return err
	}
	step := c.progress.Start("reading the state of stack " + s.Name)
	resources, _, err := s.state(ctx)
	step.Drop()
	if err != nil {
		return err
	}
	if err := c.confirm(ctx, resources); err != nil {
		return err
	}
	deleteData, err := c.askForData(ctx, resources)
	if err != nil {
		return err
	}
	var options []optdestroy.Option
	if deleteData {
		step := c.progress.Start("lifting the protection of the data")
		err := s.unprotect(ctx, resources)
		step.Drop()
		if err != nil {
			return err
		}
	} else if keep := kept(resources); len(keep) > 0 {
		targets := []string{}
		for _, r := range resources {
			if !keep[r.URN] {
				targets = append(targets, r.URN)
			}
		}
		if len(targets) == 0 {
			fmt.Fprintf(c.err, "Nothing is left of stack %s but its data. `go run . destroy -s %s --delete-data` deletes that too.\n", s.Name, s.Name)
			return nil
		}
		options = append(options, optdestroy.Target(targets))
	}
	f, err := s.remove(ctx, c, options)
	if err != nil {
		return err
	}
	step = c.progress.Start("removing the images of stack " + s.Name)
	err = c.target.Cleaned(ctx, c.progress, s.Stack)
	step.Done(err)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.err, "Stack %s is destroyed (%s).\n", s.Name, f.summary())
	if !deleteData && len(kept(resources)) > 0 {
		fmt.Fprintf(c.err, "Its data is kept and comes back with the next up. `go run . destroy -s %s --delete-data` deletes it.\n", s.Name)
	}
	return nil
}

// remove runs pulumi destroy, and once more if something that is no resource of the stack held it up and could be removed.
func (s *session) remove(ctx context.Context, c *command, options []optdestroy.Option) (*follow, error) {
	for again := true; ; again = false {
		f := newFollow(c.err, c.progress, "destroying stack "+s.Name)
		_, err := s.auto.Destroy(ctx, append(slices.Clone(options), optdestroy.EventStreams(f.events), optdestroy.SuppressProgress())...)
		f.wait()
		unblocker, ok := c.target.(Unblocker)
		if err == nil || !ok || ctx.Err() != nil || isLocked(err) {
			return f, failedOrNil(f, err)
		}
		left, _, wrong := s.state(ctx)
		if wrong != nil {
			return f, errors.Join(failed(f, err), wrong)
		}
		held, advice, wrong := unblocker.Unblock(ctx, c.progress, s.Stack, left)
		switch {
		case wrong != nil:
			return f, errors.Join(failed(f, err), wrong)
		case !held:
			return f, failed(f, err)
		case !again:
			return f, fmt.Errorf("stack %q is not gone yet: %s", s.Name, advice)
		}
	}
}

func failedOrNil(f *follow, err error) error {
	if err == nil {
		return nil
	}
	return failed(f, err)
}

// confirm asks for the stack's name before a stack in a cloud is removed: its addresses are gone for good, and bringing its data back
// takes hours. What refuses its deletion is looked for first: the cloud would refuse it too, but only after the rest is gone. A stack
// on this machine is made anew in seconds, and its data stays anyway.
func (c *command) confirm(ctx context.Context, resources []Resource) error {
	if c.program.Cloud == stacks.CloudDocker || len(resources) == 0 {
		return nil
	}
	var refuse []string
	for _, r := range resources {
		key := simulate.Protection(r.Type, resource.NewPropertyMapFromMap(r.Outputs))
		if key == "" && r.Protect {
			key = "protect"
		}
		if key != "" {
			refuse = append(refuse, fmt.Sprintf("%s (%s)", nameOf(r.URN), key))
		}
	}
	if len(refuse) > 0 {
		return fmt.Errorf("stack %q holds what refuses to be deleted: %s. Nothing was removed. Lift that first with an update: `go run . up -s %s -c database.deletionProtection=false`, and in prod -c allow.database-deletion-protection=REASON", c.stack, strings.Join(refuse, ", "), c.stack)
	}
	if c.yes {
		return nil
	}
	if !terminal(c.in) {
		return fmt.Errorf("removing stack %q from %s needs --yes where nobody can be asked: nothing was removed", c.stack, c.program.Cloud)
	}
	return c.typeName(ctx, fmt.Sprintf("This removes stack %s from %s, %d resources.", c.stack, c.program.Cloud, len(resources)))
}

// typeName shows a warning and wants the stack's name as the answer. It stops asking when ctx ends: reading a terminal can't be
// cancelled, so the reader is left behind, and the process ends without it.
func (c *command) typeName(ctx context.Context, warning string) error {
	fmt.Fprintf(c.err, "%s\nType the stack's name to go on: ", warning)
	type answer struct {
		line string
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(c.in).ReadString('\n')
		read <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case a := <-read:
		if a.err != nil {
			return fmt.Errorf("reading the answer: %w", a.err)
		}
		if strings.TrimSpace(a.line) != c.stack {
			return fmt.Errorf("the answer is not %q: nothing was removed", c.stack)
		}
		return nil
	}
}

// askForData decides whether protected data goes too. Without --delete-data it stays; with it, a person at a terminal is asked
// for the stack's name first.
func (c *command) askForData(ctx context.Context, resources []Resource) (bool, error) {
	var data []string
	for _, r := range resources {
		if r.holdsData() {
			data = append(data, nameOf(r.URN))
		}
	}
	if !c.deleteData {
		return false, nil
	}
	if len(data) == 0 || c.yes || !terminal(c.in) {
		return true, nil
	}
	if err := c.typeName(ctx, fmt.Sprintf("This deletes for good what users have stored in stack %s (%s).", c.stack, strings.Join(data, ", "))); err != nil {
		return false, err
	}
	return true, nil
}

// unprotect lifts the protection in the state, as `pulumi state unprotect` does.
func (s *session) unprotect(ctx context.Context, resources []Resource) error {
	for _, r := range resources {
		if !r.Protect {
			continue
		}
		if _, err := s.workspace.run(ctx, "state", "unprotect", r.URN, "--yes", "--stack", s.Name); err != nil {
			return fmt.Errorf("unprotecting %s: %w", nameOf(r.URN), err)
		}
	}
	return nil
}
