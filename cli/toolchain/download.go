package toolchain

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

var errChecksum = errors.New("checksum mismatch")

const (
	// installLimit bounds the download of a plugin by the pulumi command.
	installLimit = 10 * time.Minute
	probeLimit   = 5 * time.Second
	// stallLimit ends a download of which nothing comes any more, as through a proxy that has lost its line.
	stallLimit = 15 * time.Second
	// archiveLimit is more than any release has, in bytes.
	archiveLimit = 2 << 30
)

func dialWithin(limit time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return (&net.Dialer{Timeout: limit, KeepAlive: 30 * time.Second}).DialContext
}

// probe finds out, once per run, whether the download host answers.
func (m *machine) probe(ctx context.Context) error {
	m.probeOnce.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, probeLimit)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodHead, m.archives+"/", nil)
		if err == nil {
			var answer *http.Response
			if answer, err = m.client.Do(request); err == nil {
				err = answer.Body.Close()
				// A proxy's refusal is no answer of the host's.
				if code := answer.StatusCode; code == http.StatusProxyAuthRequired || code >= http.StatusInternalServerError {
					err = fmt.Errorf("it answers %s", answer.Status)
				}
			}
		}
		if err != nil {
			m.probeFailure = fmt.Errorf("reaching %s: %w", m.archives, err)
			if m.way != wayDownload {
				m.progress.Println(fmt.Sprintf("%s can't be reached: building what is missing", host(m.archives)))
			}
		}
	})
	return m.probeFailure
}

func host(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func (m *machine) download(ctx context.Context, p program, cli string) (found, error) {
	if f, ok := m.alreadyDownloaded(p); ok {
		return f, nil
	}
	if p.plugin == "" {
		if err := m.probe(ctx); err != nil {
			return found{}, err
		}
		root := m.releaseRoot(p)
		return found{file: filepath.Join(root, "bin", p.file())}, m.downloadCLI(ctx, p, root)
	}
	if err := m.probe(ctx); err != nil {
		return found{}, err
	}
	return m.installPlugin(ctx, p, cli)
}

// releaseRoot is where an official release of the pulumi command is unpacked to.
func (m *machine) releaseRoot(p program) string {
	return filepath.Join(m.cache, "tools", "pulumi-"+p.version+"-official")
}

// alreadyDownloaded finds the pulumi command of an official release that an earlier run has got. Downloaded plugins lie in Pulumi's
// own cache, where find looks.
func (m *machine) alreadyDownloaded(p program) (found, bool) {
	if p.plugin != "" {
		return found{}, false
	}
	file := filepath.Join(m.releaseRoot(p), "bin", p.file())
	return found{file: file}, isProgram(file)
}

// installPlugin has pulumi put the plugin where it keeps its plugins.
func (m *machine) installPlugin(ctx context.Context, p program, cli string) (f found, err error) {
	if cli == "" {
		return found{}, fmt.Errorf("downloading %s: there is no pulumi command", p.name)
	}
	step := m.progress.Start(fmt.Sprintf("downloading %s v%s", p.name, p.version))
	defer func() { step.Done(err) }()
	ctx, cancel := context.WithTimeout(ctx, installLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, cli, "plugin", "install", "resource", p.plugin, p.version).CombinedOutput()
	if err != nil {
		return found{}, fmt.Errorf("downloading %s: %w: %s", p.name, err, lastLine(out))
	}
	f = found{file: filepath.Join(m.pulumiHome, "plugins", "resource-"+p.plugin+"-v"+p.version, p.file()), local: true}
	if !isProgram(f.file) {
		return found{}, fmt.Errorf("downloading %s: pulumi put no program at %s", p.name, f.file)
	}
	return f, nil
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

func archiveName(version, goos, goarch string) string {
	arch, ending := goarch, "tar.gz"
	if arch == "amd64" {
		arch = "x64"
	}
	if goos == "windows" {
		ending = "zip"
	}
	return fmt.Sprintf("pulumi-v%s-%s-%s.%s", version, goos, arch, ending)
}

// downloadCLI gets the official release, compares it with its published checksum, and unpacks it to root/bin.
func (m *machine) downloadCLI(ctx context.Context, p program, root string) (err error) {
	step := m.progress.Start(fmt.Sprintf("downloading %s v%s", p.name, p.version))
	defer func() { step.Done(err) }()
	name := archiveName(p.version, runtime.GOOS, runtime.GOARCH)
	want, err := m.checksum(ctx, p.version, name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(root), 0o755); err != nil {
		return fmt.Errorf("making the cache folder: %w", err)
	}
	temp, err := os.MkdirTemp(filepath.Dir(root), ".pulumi-*")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	archive := filepath.Join(temp, name)
	got, err := m.fetch(ctx, m.archives+"/"+name, archive)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%w: %s has sha256 %s, published is %s", errChecksum, name, got, want)
	}
	unpacked := filepath.Join(temp, "root")
	if err := unpack(archive, filepath.Join(unpacked, "bin")); err != nil {
		return err
	}
	if err := os.Rename(unpacked, root); err != nil && !isProgram(filepath.Join(root, "bin", p.file())) {
		return fmt.Errorf("moving the download into place: %w", err)
	}
	return nil
}

func (m *machine) checksum(ctx context.Context, version, name string) (string, error) {
	url := fmt.Sprintf("%s/v%s/pulumi-%s-checksums.txt", m.checksums, version, version)
	body, err := m.get(ctx, url)
	if err != nil {
		return "", err
	}
	defer func() { _ = body.Close() }()
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		if sum, file, ok := strings.Cut(lines.Text(), " "); ok && strings.TrimLeft(file, " *") == name {
			return strings.ToLower(sum), nil
		}
	}
	if err := lines.Err(); err != nil {
		return "", fmt.Errorf("downloading %s: %w", url, err)
	}
	return "", fmt.Errorf("reading %s: it has no checksum of %s", url, name)
}

func (m *machine) get(ctx context.Context, url string) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		cancel(nil)
		return nil, fmt.Errorf("downloading %s: %w", url, err)
	}
	answer, err := m.client.Do(request)
	if err != nil {
		cancel(nil)
		return nil, fmt.Errorf("downloading %s: %w", url, err)
	}
	answer.Body = &body{ReadCloser: answer.Body, stall: m.stall, ctx: ctx, cancel: cancel}
	if answer.StatusCode != http.StatusOK {
		_ = answer.Body.Close()
		return nil, fmt.Errorf("downloading %s: %s", url, answer.Status)
	}
	return answer.Body, nil
}

// body is an answer that ends with an error when nothing of it comes for a while.
type body struct {
	io.ReadCloser
	stall  time.Duration
	ctx    context.Context
	cancel context.CancelCauseFunc
}

func (b *body) Read(p []byte) (int, error) {
	late := time.AfterFunc(b.stall, func() { b.cancel(fmt.Errorf("nothing has come for %s", b.stall)) })
	defer late.Stop()
	n, err := b.ReadCloser.Read(p)
	if err != nil && b.ctx.Err() != nil {
		err = context.Cause(b.ctx)
	}
	return n, err
}

func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

// fetch downloads to a file and returns its SHA-256 in hexadecimal.
func (m *machine) fetch(ctx context.Context, url, file string) (string, error) {
	body, err := m.get(ctx, url)
	if err != nil {
		return "", err
	}
	defer func() { _ = body.Close() }()
	out, err := os.Create(file)
	if err != nil {
		return "", fmt.Errorf("downloading %s: %w", url, err)
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, hash), io.LimitReader(body, archiveLimit))
	if err := errors.Join(err, out.Close()); err != nil {
		return "", fmt.Errorf("downloading %s: %w", url, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
