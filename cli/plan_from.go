package cli

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/cli/plan"
)

// base is the state that a plan starts from, or nil where nothing is compared: a file of a state, another stack file that this program
// deploys first, or what another checkout, or another commit, deploys with a program of its own.
func (c *command) base(ctx context.Context, setup plan.Setup) (*apitype.DeploymentV3, error) {
	from := c.plan.from
	if c.plan.against != "" {
		return plan.Read(c.plan.against, setup.Project, c.stack)
	}
	if from == "" {
		return nil, nil
	}
	info, err := os.Stat(from)
	switch {
	case err == nil && info.IsDir():
		return c.baseOfCheckout(ctx, from, setup.Project)
	case err == nil && (strings.HasSuffix(from, ".yaml") || strings.HasSuffix(from, ".yml")):
		return c.baseOfFile(ctx, from, setup)
	case err == nil:
		return plan.Read(from, setup.Project, c.stack)
	}
	return c.baseOfCommit(ctx, from, setup.Project)
}

// baseOfFile deploys what another stack file says, under the name of this stack.
func (c *command) baseOfFile(ctx context.Context, file string, setup plan.Setup) (*apitype.DeploymentV3, error) {
	conf, err := plan.ConfigureFrom(c.root, c.stack, file, nil)
	if err != nil {
		return nil, err
	}
	setup.Config, setup.Program = conf.Other, c.program.Inline(c.root, conf.Input)
	state, err := c.simulated(ctx, setup, "simulating "+filepath.Base(file)+" as stack "+c.stack)
	if err != nil {
		return nil, fmt.Errorf("--from %s: %w", file, err)
	}
	return state, nil
}

// baseOfCheckout lets the program of another checkout plan the stack.
func (c *command) baseOfCheckout(ctx context.Context, dir, project string) (state *apitype.DeploymentV3, err error) {
	step := c.progress.Start("planning stack " + c.stack + " in " + dir)
	defer func() { step.Done(err) }()
	folder, err := os.MkdirTemp("", "slipway-from-")
	if err != nil {
		return nil, fmt.Errorf("--from %s: %w", dir, err)
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "base.json")
	cmd := exec.CommandContext(ctx, "go", "run", ".", "plan", "-s", c.stack, "--out", file)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "SLIPWAY_PROVIDERS="+providersNone) // the head's are asked
	words, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("--from %s: its own plan of stack %q fails: %w\n%s", dir, c.stack, err, strings.TrimSpace(string(words)))
	}
	return plan.Read(file, project, c.stack)
}

// baseOfCommit does so with the files of a commit, which git knows by a branch, a tag or a hash.
func (c *command) baseOfCommit(ctx context.Context, ref, project string) (*apitype.DeploymentV3, error) {
	if _, err := exec.LookPath("git"); err != nil {
		return nil, fmt.Errorf("--from %s: there is no such file or folder, and no git to ask for such a commit", ref)
	}
	resolved, err := exec.CommandContext(ctx, "git", "-C", c.root, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}").Output()
	if err != nil {
		return nil, fmt.Errorf("--from %s: there is no such file, folder or commit", ref)
	}
	folder, err := os.MkdirTemp("", "slipway-from-")
	if err != nil {
		return nil, fmt.Errorf("--from %s: %w", ref, err)
	}
	defer os.RemoveAll(folder)
	if err := export(ctx, c.root, strings.TrimSpace(string(resolved)), folder); err != nil {
		return nil, fmt.Errorf("--from %s: %w", ref, err)
	}
	return c.baseOfCheckout(ctx, folder, project)
}

// export writes the files of a commit, those below root, into a folder. It needs no worktree, which git would have to forget again.
// https://git-scm.com/docs/git-archive
func export(ctx context.Context, root, commit, into string) error {
	cmd := exec.CommandContext(ctx, "git", "-C", root, "archive", "--format=tar", commit)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("reading the commit: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("reading the commit: %w", err)
	}
	err = unpack(out, into)
	_, _ = io.Copy(io.Discard, out) // git waits for its reader
	return errors.Join(err, cmd.Wait())
}

func unpack(r io.Reader, into string) error {
	files, err := os.OpenRoot(into)
	if err != nil {
		return fmt.Errorf("writing the commit's files: %w", err)
	}
	defer func() { _ = files.Close() }()
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the commit: %w", err)
		}
		if err := place(files, h, t); err != nil {
			return fmt.Errorf("writing the commit's files: %w", err)
		}
	}
}

// place writes one entry. A link that leads out of the folder is refused by the folder itself.
func place(files *os.Root, h *tar.Header, content io.Reader) error {
	switch h.Typeflag {
	case tar.TypeDir:
		return files.MkdirAll(strings.TrimSuffix(h.Name, "/"), 0o755)
	case tar.TypeSymlink:
		return files.Symlink(h.Linkname, h.Name)
	case tar.TypeReg:
		f, err := files.OpenFile(h.Name, os.O_CREATE|os.O_WRONLY, os.FileMode(h.Mode)&0o777)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, content)
		return errors.Join(err, f.Close())
	}
	return nil
}
