package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// place is where a build's program is or will be: <cache>/tools/<module>-<version>-<hash>/bin/<module>.
func (m *machine) place(p program, b build) (string, error) {
	hash, err := sourceHash(filepath.Join(m.root, "tools", b.module))
	if err != nil {
		return "", fmt.Errorf("reading the sources of %s: %w", b.module, err)
	}
	folder := fmt.Sprintf("%s-%s-%s", b.module, p.version, hash[:12])
	return filepath.Join(m.cache, "tools", folder, "bin", executable(b.module)), nil
}

// alreadyBuilt finds a program of which every part was built before.
func (m *machine) alreadyBuilt(p program) (found, bool) {
	var files []string
	for _, b := range p.builds {
		file, err := m.place(p, b)
		if err != nil || !isProgram(file) {
			return found{}, false
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		return found{}, false
	}
	return foundBuilt(files), true
}

func foundBuilt(files []string) found {
	f := found{file: files[0], built: true}
	for _, file := range files[1:] {
		f.paths = append(f.paths, filepath.Dir(file))
	}
	return f
}

// buildProgram builds what is missing of a program.
func (m *machine) buildProgram(ctx context.Context, p program) (found, error) {
	var files []string
	for _, b := range p.builds {
		file, err := m.place(p, b)
		if err != nil {
			return found{}, err
		}
		if err := m.buildOnce(ctx, p, b, file); err != nil {
			return found{}, fmt.Errorf("building %s: %w", b.module, err)
		}
		files = append(files, file)
	}
	return foundBuilt(files), nil
}

// buildOnce builds one module unless it is there, or another process is building it: then it waits for that one.
func (m *machine) buildOnce(ctx context.Context, p program, b build, file string) (err error) {
	if isProgram(file) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("making the cache folder: %w", err)
	}
	what := b.module
	if what == p.file() || p.plugin == "" {
		what = fmt.Sprintf("%s v%s", p.name, p.version)
	}
	step := m.progress.Start(fmt.Sprintf("building %s (once; %s)", what, takes(b.minutes)))
	defer func() { step.Done(err) }()
	unlock, err := lock(ctx, filepath.Dir(filepath.Dir(file))+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if isProgram(file) {
		return nil
	}
	temp := fmt.Sprintf("%s.%d.tmp", file, os.Getpid())
	defer func() { _ = os.Remove(temp) }()
	if err := m.compile(ctx, m, b, temp); err != nil {
		return err
	}
	if err := os.Rename(temp, file); err != nil {
		return fmt.Errorf("moving the build into place: %w", err)
	}
	return nil
}

// compile runs go build. It is trimmed like every other build of Slipway, so that all share the compiler's cache.
func compile(ctx context.Context, m *machine, b build, out string) error {
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=" + strings.TrimSpace("-s -w "+b.ldflags)}
	if b.tags != "" {
		args = append(args, "-tags="+b.tags)
	}
	pkg := b.pkg
	if pkg == "" {
		pkg = "."
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", out, pkg)...)
	cmd.Dir = filepath.Join(m.root, "tools", b.module)
	cmd.Env = buildEnv(os.Environ())
	// An interrupt lets the compiler remove its temporary files.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, tail(string(output), 20))
	}
	return nil
}

// buildEnv is the environment without what would change the result: a workspace merges the replaces of all modules, and
// the configuration of a stack has no business in a build.
func buildEnv(env []string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		return strings.HasPrefix(v, "PULUMI_CONFIG=") || strings.HasPrefix(v, "PULUMI_CONFIG_PASSPHRASE=")
	})
	return append(env, "GOWORK=off", "GOOS=", "GOARCH=")
}

func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

var localReplace = regexp.MustCompile(`(?m)^(?:replace\s+)?\S+\s+=>\s+(\.\.?/\S+)\s*$`)

// sourceHash is over everything that a module is built from in this repository: its sources and module files, and those of
// the modules beside it that its go.mod puts in place of others.
func sourceHash(dir string) (string, error) {
	dirs := []string{dir}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "", err
	}
	for _, match := range localReplace.FindAllSubmatch(mod, -1) {
		dirs = append(dirs, filepath.Join(dir, string(match[1])))
	}
	hash := sha256.New()
	for _, d := range dirs {
		err := filepath.WalkDir(d, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			if name := entry.Name(); !strings.HasSuffix(name, ".go") && name != "go.mod" && name != "go.sum" {
				return nil
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			relative, err := filepath.Rel(filepath.Dir(dir), path)
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintf(hash, "%s %d\n", filepath.ToSlash(relative), len(content))
			hash.Write(content)
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
