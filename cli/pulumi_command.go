package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

var _ auto.PulumiCommand = pulumiCommand{}

// pulumiCommand runs the pulumi command. The Automation API's own asks for the version first, which takes a quarter of a second each time
// and is known here, and for a stack's history after every operation, which nothing here reads.
type pulumiCommand struct {
	path    string
	version semver.Version
}

func (p pulumiCommand) Version() semver.Version { return p.version }

// Run interrupts the command when ctx ends, as Ctrl-C would, and kills it after ten seconds.
func (p pulumiCommand) Run(ctx context.Context, dir string, in io.Reader, out, errOut []io.Writer, env []string, args ...string) (string, string, int, error) {
	if slices.Equal(args[:min(2, len(args))], []string{"stack", "history"}) {
		return "[]", "", 0, nil
	}
	cmd := exec.CommandContext(ctx, p.path, append([]string{"--non-interactive"}, args...)...)
	cmd.Dir, cmd.Stdin = dir, in
	cmd.Env = append(append(os.Environ(), env...), "PULUMI_AUTOMATION_API=true")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(append(out, &stdout)...), io.MultiWriter(append(errOut, &stderr)...)
	cmd.Cancel = func() error {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			return cmd.Process.Kill()
		}
		return nil
	}
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	code := -1
	var exit *exec.ExitError
	if err == nil {
		code = 0
	} else if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	return stdout.String(), stderr.String(), code, err
}
