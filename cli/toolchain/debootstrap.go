package toolchain

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	suite      = "trixie"
	keyring    = "/usr/share/keyrings/debian-archive-keyring.gpg"
	hostBundle = "/etc/ssl/certs/ca-certificates.crt"
)

// slimmed is what the slim variant of the official image leaves out, as settings of dpkg, so that packages installed on top
// leave it out as well.
const slimmed = `path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
`

// buildDebian makes the Debian image with debootstrap, from the mirror that this machine's apt is configured with.
func buildDebian(ctx context.Context, tag string) (err error) {
	if err := ensureDebootstrap(ctx); err != nil {
		return err
	}
	main, security := mirrors("/etc/apt")
	if main == "" {
		return errors.New("this machine's apt configuration names no Debian mirror")
	}
	root, err := os.MkdirTemp("", "slipway-debian-*")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(root)) }()
	args := []string{"--variant=minbase", "--include=ca-certificates", "--keyring=" + keyring, suite, root, main}
	if _, err := run(ctx, "debootstrap", args...); err != nil {
		return fmt.Errorf("bootstrapping Debian %s: %w", suite, err)
	}
	if err := finish(root, main, security, bundlePath(os.Getenv)); err != nil {
		return err
	}
	return importImage(ctx, root, tag)
}

func ensureDebootstrap(ctx context.Context) error {
	h := thisDockerHost()
	if !h.isRoot {
		return errors.New("building it needs root: run as root once, or connect to an image registry")
	}
	if h.has("debootstrap") {
		if _, err := os.Stat(keyring); err == nil {
			return nil
		}
	}
	if !h.debian() {
		return errors.New("building it needs debootstrap and Debian's archive keyring: install both, or connect to an image registry")
	}
	if _, err := run(ctx, "apt-get", "update"); err != nil {
		return fmt.Errorf("updating the package lists: %w", err)
	}
	if _, err := run(ctx, "apt-get", "install", "--yes", "--no-install-recommends", "debootstrap", "debian-archive-keyring"); err != nil {
		return fmt.Errorf("installing debootstrap: %w", err)
	}
	return nil
}

// mirrors reads apt's configuration, in both its formats, for the mirrors of Debian and of its security updates.
func mirrors(apt string) (main, security string) {
	files, _ := filepath.Glob(filepath.Join(apt, "sources.list.d", "*"))
	for _, file := range append([]string{filepath.Join(apt, "sources.list")}, files...) {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		sources := oneLine(string(text))
		if strings.HasSuffix(file, ".sources") {
			sources = stanzas(string(text))
		}
		for _, s := range sources {
			switch name := strings.TrimRight(s.uri, "/"); {
			case !s.main:
			case strings.HasSuffix(name, "/debian-security") && security == "":
				security = s.uri
			case strings.HasSuffix(name, "/debian") && main == "":
				main = s.uri
			}
		}
	}
	return main, security
}

type source struct {
	uri  string
	main bool
}

// oneLine reads lines such as "deb [signed-by=…] URI suite component…".
func oneLine(text string) []source {
	var sources []source
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "deb" {
			continue
		}
		fields = fields[1:]
		if len(fields) > 0 && strings.HasPrefix(fields[0], "[") {
			for len(fields) > 0 && !strings.HasSuffix(fields[0], "]") {
				fields = fields[1:]
			}
			fields = fields[min(1, len(fields)):]
		}
		if len(fields) > 2 {
			sources = append(sources, source{fields[0], contains(fields[2:], "main")})
		}
	}
	return sources
}

// stanzas reads the format of apt's .sources files.
func stanzas(text string) []source {
	var sources []source
	for _, stanza := range strings.Split(text, "\n\n") {
		values := map[string][]string{}
		for line := range strings.Lines(stanza) {
			if key, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") {
				values[strings.ToLower(key)] = strings.Fields(value)
			}
		}
		if contains(values["enabled"], "no") || !contains(values["types"], "deb") {
			continue
		}
		for _, uri := range values["uris"] {
			sources = append(sources, source{uri, contains(values["components"], "main")})
		}
	}
	return sources
}

func contains(list []string, want string) bool {
	for _, v := range list {
		if v == want {
			return true
		}
	}
	return false
}

// finish removes what an image needn't carry and puts in the sources for updates and this machine's trust anchors.
func finish(root, main, security, bundle string) error {
	list := fmt.Sprintf("deb %s %s main\ndeb %s %s-updates main\n", main, suite, main, suite)
	if security != "" {
		list += fmt.Sprintf("deb %s %s-security main\n", security, suite)
	}
	for file, text := range map[string]string{
		"etc/apt/sources.list": list, "etc/dpkg/dpkg.cfg.d/slim": slimmed,
		"etc/apt/apt.conf.d/slim": "APT::Install-Recommends \"false\";\nAcquire::Languages \"none\";\n",
	} {
		path := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("preparing the image: %w", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return fmt.Errorf("preparing the image: %w", err)
		}
	}
	for _, pattern := range []string{
		"var/cache/apt/*", "var/lib/apt/lists/*", "var/log/*", "tmp/*",
		"usr/share/info/*", "usr/share/locale/*", "usr/share/man/*", "var/cache/debconf/*-old", "var/lib/dpkg/*-old",
	} {
		matches, _ := filepath.Glob(filepath.Join(root, pattern))
		for _, match := range matches {
			if err := os.RemoveAll(match); err != nil {
				return fmt.Errorf("cleaning the image: %w", err)
			}
		}
	}
	return addAnchors(root, bundle)
}

// bundlePath is the file of certificates that programs on this machine trust.
func bundlePath(getenv func(string) string) string {
	if file := getenv("SSL_CERT_FILE"); file != "" {
		return file
	}
	return hostBundle
}

// addAnchors adds the certificates that this machine trusts beyond Debian's own to the image's bundle, and to the folder
// that the bundle is made from again when the package is updated.
func addAnchors(root, bundle string) error {
	own, err := os.ReadFile(bundle)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading this machine's trust anchors: %w", err)
	}
	target := filepath.Join(root, hostBundle)
	image, err := os.ReadFile(target)
	if err != nil {
		return fmt.Errorf("reading the image's trust anchors: %w", err)
	}
	known := map[string]bool{}
	for _, block := range certificates(image) {
		known[string(block.Bytes)] = true
	}
	folder := filepath.Join(root, "usr/local/share/ca-certificates")
	for i, block := range certificates(own) {
		if known[string(block.Bytes)] {
			continue
		}
		text := pem.EncodeToMemory(block)
		image = append(append(bytes.TrimRight(image, "\n"), '\n'), text...)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("adding trust anchors: %w", err)
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("host-%03d.crt", i)), text, 0o644); err != nil {
			return fmt.Errorf("adding trust anchors: %w", err)
		}
	}
	if err := os.WriteFile(target, image, 0o644); err != nil {
		return fmt.Errorf("adding trust anchors: %w", err)
	}
	return nil
}

func certificates(text []byte) []*pem.Block {
	var blocks []*pem.Block
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return blocks
		}
		if block.Type == "CERTIFICATE" {
			blocks = append(blocks, &pem.Block{Type: block.Type, Bytes: block.Bytes})
		}
	}
}

// importImage streams the folder to the Docker Engine as an image of one layer.
func importImage(ctx context.Context, root, tag string) error {
	archive := exec.CommandContext(ctx, "tar", "--create", "--numeric-owner", "--directory", root,
		"--exclude=./dev/*", "--exclude=./proc/*", "--exclude=./sys/*", ".")
	load := exec.CommandContext(ctx, "docker", "import",
		"--change", `CMD ["bash"]`, "--change", "LABEL "+BuiltFrom+"=debootstrap",
		"--change", "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "-", tag)
	var packing, loading bytes.Buffer
	archive.Stderr, load.Stderr = &packing, &loading
	archive.WaitDelay, load.WaitDelay = 5*time.Second, 5*time.Second
	pipe, err := archive.StdoutPipe()
	if err != nil {
		return fmt.Errorf("importing the image: %w", err)
	}
	load.Stdin = pipe
	if err := archive.Start(); err != nil {
		return fmt.Errorf("packing the image: %w", err)
	}
	loaded := load.Run()
	if err := errors.Join(loaded, archive.Wait()); err != nil {
		return fmt.Errorf("importing the image: %w: %s", err, lastLine(append(packing.Bytes(), loading.Bytes()...)))
	}
	return nil
}
