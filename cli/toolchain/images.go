package toolchain

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"sort"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/cli/progress"
)

// The base images of every Dockerfile in this project.
const (
	debianImage = "debian:trixie-slim"
	golangImage = "golang:1.26-trixie"
	goMinor     = "go1.26"
	// BuiltFrom is the label of a base image that was built here; its value says from what.
	BuiltFrom = "dev.slipway.built-from"
)

const (
	// pullPatience is how long a registry may take to answer at all.
	pullPatience = 8 * time.Second
	pullLimit    = 15 * time.Minute
)

// EnsureBaseImages makes sure that the Docker Engine has the base images that the project's Dockerfiles start from. One that
// is missing is pulled. Where no registry can be reached it is built, Debian from Debian's own packages and Go's from this
// machine's Go, and tagged with the ordinary name: so every Dockerfile stays an ordinary one. Such an image has the label
// dev.slipway.built-from. It trusts the certificate authorities that this machine trusts, so that builds also work behind a
// proxy that inspects TLS. To get the official one later, remove it and run up again.
func EnsureBaseImages(ctx context.Context, p *progress.Printer) error {
	if _, err := run(ctx, "docker", "image", "inspect", "--format", "{{.Id}}", debianImage, golangImage); err == nil {
		return nil
	}
	pulled := true
	for _, image := range []struct {
		name  string
		build func(context.Context) error
	}{
		{debianImage, func(ctx context.Context) error { return buildDebian(ctx, debianImage) }},
		{golangImage, func(ctx context.Context) error { return buildGolang(ctx, debianImage, golangImage) }},
	} {
		if _, err := run(ctx, "docker", "image", "inspect", "--format", "{{.Id}}", image.name); err == nil {
			continue
		}
		if pulled {
			err := step(p, "pulling "+image.name, func() error { return pull(ctx, image.name) })
			if err == nil {
				continue
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			p.Println(fmt.Sprintf("the image registry can't be reached (%v): building base images from Debian packages", err))
			pulled = false
		}
		if err := step(p, "building base image "+image.name+" (once)", func() error { return image.build(ctx) }); err != nil {
			return fmt.Errorf("base image %s could neither be pulled nor built: %w", image.name, err)
		}
	}
	return nil
}

func step(p *progress.Printer, text string, do func() error) error {
	s := p.Start(text)
	err := do()
	s.Done(err)
	return err
}

// pull pulls an image and gives up within seconds on a registry that doesn't answer. The engine itself would wait minutes.
func pull(ctx context.Context, image string) error {
	ctx, cancel := context.WithTimeout(ctx, pullLimit)
	defer cancel()
	return pullWith(ctx, exec.CommandContext(ctx, "docker", "pull", image), pullPatience)
}

// pullWith watches for the first line on the standard output: it is printed once the registry has answered.
func pullWith(ctx context.Context, cmd *exec.Cmd, patience time.Duration) error {
	var complaint strings.Builder
	cmd.Stderr = &complaint
	cmd.WaitDelay = 2 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("pulling: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("pulling: %w", err)
	}
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	answered := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		// Before that, the command says only which tag it takes by default.
		if strings.Contains(lines.Text(), "Pulling from") {
			answered = true
			late.Stop()
		}
	}
	err = cmd.Wait()
	fired := !late.Stop() && !answered
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case fired:
		return fmt.Errorf("no answer within %s", patience)
	default:
		return errors.New(lastLine([]byte(complaint.String())))
	}
}

// buildGolang puts this machine's Go on top of the Debian image.
func buildGolang(ctx context.Context, base, tag string) (err error) {
	if !strings.HasPrefix(runtime.Version(), goMinor+".") && runtime.Version() != goMinor {
		return fmt.Errorf("this machine has %s, the image is %s: install that Go, or connect to a registry", runtime.Version(), goMinor)
	}
	root, err := run(ctx, "go", "env", "GOROOT")
	if err != nil {
		return fmt.Errorf("finding Go: %w", err)
	}
	changed, err := run(ctx, "go", "env", "-changed", "-json")
	if err != nil {
		return fmt.Errorf("reading Go's settings: %w", err)
	}
	settings, err := goSettings([]byte(changed))
	if err != nil {
		return err
	}
	container, err := run(ctx, "docker", "create", base, "true")
	if err != nil {
		return fmt.Errorf("creating a container: %w", err)
	}
	defer func() {
		_, problem := run(context.WithoutCancel(ctx), "docker", "rm", "--force", container)
		err = errors.Join(err, problem)
	}()
	if _, err := run(ctx, "docker", "cp", root+"/.", container+":/usr/local/go"); err != nil {
		return fmt.Errorf("copying Go: %w", err)
	}
	args := []string{"commit"}
	for _, change := range append(settings,
		"ENV GOTOOLCHAIN=local", "ENV GOPATH=/go",
		"ENV PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"WORKDIR /go", `CMD ["bash"]`, "LABEL "+BuiltFrom+"=goroot") {
		args = append(args, "--change", change)
	}
	if _, err := run(ctx, "docker", append(args, container, tag)...); err != nil {
		return fmt.Errorf("making the image: %w", err)
	}
	return nil
}

// goSettings are the settings of this machine's Go that a build in a container needs too, as changes to an image: from
// where it gets modules, how it checks them, and the user's own flags.
func goSettings(changed []byte) ([]string, error) {
	values := map[string]string{}
	if err := json.Unmarshal(changed, &values); err != nil {
		return nil, fmt.Errorf("reading Go's settings: %w", err)
	}
	var changes []string
	for _, key := range []string{"GOPROXY", "GOSUMDB", "GONOSUMDB", "GONOPROXY", "GOPRIVATE", "GOINSECURE", "GOFLAGS"} {
		value := values[key]
		// A proxy that is a folder of this machine is not in the container.
		if value == "" || strings.HasPrefix(value, "file:") {
			continue
		}
		changes = append(changes, fmt.Sprintf("ENV %s=%q", key, value))
	}
	sort.Strings(changes)
	return changes, nil
}
