package toolchain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/cli/progress"
)

const (
	// engineLimit is how long a Docker Engine that was just started may take to answer.
	engineLimit = 60 * time.Second
	// serviceLimit is the part of it that is left to the service before dockerd is started directly.
	serviceLimit = 15 * time.Second
	answerLimit  = 10 * time.Second
	installURL   = "https://docs.docker.com/engine/install/"
)

// dockerHost is the machine as far as Docker goes; tests replace it.
type dockerHost struct {
	run     func(ctx context.Context, name string, args ...string) (string, error)
	has     func(name string) bool
	getenv  func(string) string
	isRoot  bool
	release map[string]string // of /etc/os-release
	systemd bool
	spawn   func() (log string, err error)
	wait    func(ctx context.Context, limit time.Duration, ready func() bool) bool
}

func thisDockerHost() *dockerHost {
	_, err := os.Stat("/run/systemd/system")
	return &dockerHost{
		run: run, getenv: os.Getenv, isRoot: os.Geteuid() == 0, release: osRelease("/etc/os-release"), systemd: err == nil,
		has:   func(name string) bool { _, err := exec.LookPath(name); return err == nil },
		spawn: spawnDockerd, wait: waitFor,
	}
}

// run runs a command and returns what it prints; an error has the last line of what it complained about.
func run(ctx context.Context, name string, args ...string) (string, error) {
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &complaint, 2*time.Second
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("running %s %s: %w: %s", name, strings.Join(args, " "), err, lastLine(complaint.Bytes()))
	}
	return strings.TrimSpace(out.String()), nil
}

// EnsureDocker makes sure that a Docker Engine answers. Where none does, it installs and starts Debian's docker.io if this
// is Debian or Ubuntu and the user is root, and says so; elsewhere the error says what to install.
func EnsureDocker(ctx context.Context, p *progress.Printer) error {
	return thisDockerHost().ensure(ctx, p)
}

func (h *dockerHost) ensure(ctx context.Context, p *progress.Printer) error {
	problem := h.engine(ctx)
	if problem == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if other := h.getenv("DOCKER_HOST"); other != "" {
		return fmt.Errorf("the Docker Engine at DOCKER_HOST=%s doesn't answer: %w", other, problem)
	}
	if other := h.context(ctx)["DOCKER_HOST"]; other != "" {
		return fmt.Errorf("the Docker Engine of the docker context, at %s, doesn't answer: %w", other, problem)
	}
	if !h.isRoot || !h.debian() {
		return fmt.Errorf("%w\n%s", problem, h.advice())
	}
	if !h.has("dockerd") || !h.has("docker") {
		if err := h.install(ctx, p); err != nil {
			return err
		}
	}
	return h.start(ctx, p)
}

// engine asks for the Docker Engine's version.
func (h *dockerHost) engine(ctx context.Context) error {
	if !h.has("docker") {
		return errors.New("there is no docker command")
	}
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	if _, err := h.run(ctx, "docker", "version", "--format", "{{.Server.Version}}"); err != nil {
		return fmt.Errorf("no Docker Engine answers: %w", err)
	}
	return nil
}

func (h *dockerHost) debian() bool {
	return strings.Contains(" "+h.release["ID"]+" "+h.release["ID_LIKE"]+" ", " debian ") && h.has("apt-get")
}

func (h *dockerHost) advice() string {
	switch {
	case h.has("docker"):
		return "Start Docker, or let this user reach it (group docker); see " + installURL
	case h.debian():
		return "Install it with: sudo apt-get install docker.io && sudo usermod -aG docker $USER"
	default:
		return "Install Docker: " + installURL
	}
}

func (h *dockerHost) install(ctx context.Context, p *progress.Printer) (err error) {
	p.Println("no Docker Engine on this machine: installing Debian's docker.io and starting it")
	step := p.Start("installing docker.io")
	defer func() { step.Done(err) }()
	if _, err := h.run(ctx, "apt-get", "update"); err != nil {
		return fmt.Errorf("updating the package lists: %w", err)
	}
	if _, err := h.run(ctx, "apt-get", "install", "--yes", "docker.io"); err != nil {
		return fmt.Errorf("installing docker.io: %w", err)
	}
	if h.has("docker") {
		return nil
	}
	// Newer releases have the command in a package of its own.
	if _, err := h.run(ctx, "apt-get", "install", "--yes", "docker-cli"); err != nil {
		return fmt.Errorf("installing docker-cli: %w", err)
	}
	return nil
}

// start starts the Docker Engine as a service and, where no service manager does it, directly.
func (h *dockerHost) start(ctx context.Context, p *progress.Printer) (err error) {
	step := p.Start("starting the Docker Engine")
	defer func() { step.Done(err) }()
	ctx, cancel := context.WithTimeout(ctx, engineLimit)
	defer cancel()
	ready := func() bool { return h.engine(ctx) == nil }
	command := []string{"service", "docker", "start"}
	if h.systemd {
		command = []string{"systemctl", "start", "docker"}
	}
	_, problem := h.run(ctx, command[0], command[1:]...)
	if problem == nil && h.wait(ctx, serviceLimit, ready) {
		return nil
	}
	if h.systemd && problem == nil {
		if h.wait(ctx, engineLimit, ready) {
			return nil
		}
		return errors.New("the Docker Engine was started but doesn't answer: see journalctl -u docker")
	}
	log, err := h.spawn()
	if err != nil {
		return errors.Join(problem, err)
	}
	if !h.wait(ctx, engineLimit, ready) {
		return fmt.Errorf("the Docker Engine was started but doesn't answer within %s: see %s", engineLimit, log)
	}
	return nil
}

func waitFor(ctx context.Context, limit time.Duration, ready func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		if ready() {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// spawnDockerd starts dockerd in the background, where it outlives this process.
func spawnDockerd() (log string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the user's cache folder: %w", err)
	}
	log = filepath.Join(cache, "slipway", "dockerd.log")
	if err := os.MkdirAll(filepath.Dir(log), 0o755); err != nil {
		return "", fmt.Errorf("making the cache folder: %w", err)
	}
	file, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return "", fmt.Errorf("opening dockerd's log: %w", err)
	}
	defer func() { _ = file.Close() }()
	cmd := exec.Command("dockerd")
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = file, file, detached()
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("starting dockerd: %w", err)
	}
	return log, cmd.Process.Release()
}

// osRelease reads the KEY=value lines of os-release(5).
func osRelease(path string) map[string]string {
	values := map[string]string{}
	text, err := os.ReadFile(path)
	if err != nil {
		return values
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[key] = strings.Trim(value, `"'`)
		}
	}
	return values
}
