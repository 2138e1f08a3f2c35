// Package toolchain makes available what a command needs and the machine lacks: the pulumi command, its plugins, a Docker
// Engine and base images. For each program the order is: what is on PATH or in Pulumi's plugin cache, else the official
// download, else a build from the modules below tools/, kept in the user's cache folder under its version and the hash of
// its sources. A host that can't be reached costs seconds, and the fallback is told in one line.
//
// The user's own ~/.pulumi never gets anything that was built here. Built plugins lie in a Pulumi home of their own, in the
// layout of Pulumi's plugin cache, beside links to the plugins that the user has; Pulumi keeps reading the user's
// credentials, and keeps no logs there. (Plugins on PATH would do too, but Pulumi warns of each of them at each run.)
//
// SLIPWAY_TOOLCHAIN=path, download or build forces one way.
package toolchain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/slipway-iac/slipway/cli/progress"
)

// The ways to get a program; the values of SLIPWAY_TOOLCHAIN.
const (
	wayPath     = "path"
	wayDownload = "download"
	wayBuild    = "build"
)

// Tools are the programs, ready to use.
type Tools struct {
	// Pulumi is the path of the pulumi command.
	Pulumi string
	// PulumiVersion is its version, without a "v".
	PulumiVersion string
	// root is the folder with bin/pulumi in it, if it isn't the one on PATH.
	root  string
	paths []string
	home  string
	// homeOf is the user's own Pulumi home, whose credentials stay in use.
	homeOf string
	built  bool
}

// PulumiRoot is the folder that has bin/pulumi in it, for the Automation API's PulumiCommandOptions, or empty when the
// command on PATH is used.
func (t *Tools) PulumiRoot() string { return t.root }

// Env is the environment in which to run pulumi, beyond the process's own.
func (t *Tools) Env() map[string]string {
	env := map[string]string{"PULUMI_SKIP_UPDATE_CHECK": "true"}
	if len(t.paths) > 0 {
		env["PATH"] = strings.Join(append(append([]string{}, t.paths...), os.Getenv("PATH")), string(os.PathListSeparator))
	}
	if t.home != "" {
		env["PULUMI_HOME"] = t.home
		if os.Getenv("PULUMI_CREDENTIALS_PATH") == "" {
			env["PULUMI_CREDENTIALS_PATH"] = t.homeOf
		}
	}
	if t.built {
		// What could be downloaded would have been: Pulumi's own attempts would only take long to fail.
		env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
	}
	return env
}

// machine is what Ensure reads and writes, apart from the table of programs; tests replace it.
type machine struct {
	root         string // of the project, with tools/ in it
	cache        string // below the user's cache folder
	pulumiHome   string // the user's
	path         string
	way          string
	archives     string // where the CLI's archives are
	checksums    string // where their checksums are
	client       *http.Client
	stall        time.Duration
	progress     *progress.Printer
	compile      func(ctx context.Context, m *machine, b build, out string) error
	probeOnce    sync.Once
	probeFailure error
}

// Ensure makes the programs available, in parallel where the machine allows. root is the project's folder.
func Ensure(ctx context.Context, p *progress.Printer, root string, needs ...Need) (*Tools, error) {
	m, err := thisMachine(p, root)
	if err != nil {
		return nil, err
	}
	return m.ensure(ctx, needs)
}

// Build is Ensure with what is built from tools/ alone, also where the official programs are or could be had.
func Build(ctx context.Context, p *progress.Printer, root string, needs ...Need) (*Tools, error) {
	m, err := thisMachine(p, root)
	if err != nil {
		return nil, err
	}
	m.way = wayBuild
	return m.ensure(ctx, needs)
}

func thisMachine(p *progress.Printer, root string) (*machine, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("finding the user's cache folder: %w", err)
	}
	home := os.Getenv("PULUMI_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("finding the user's home: %w", err)
		}
		home = filepath.Join(user, ".pulumi")
	}
	way := os.Getenv("SLIPWAY_TOOLCHAIN")
	switch way {
	case "", wayPath, wayDownload, wayBuild:
	default:
		return nil, fmt.Errorf("SLIPWAY_TOOLCHAIN must be path, download or build, not %q", way)
	}
	return &machine{
		root: root, cache: filepath.Join(cache, "slipway"), pulumiHome: home, path: os.Getenv("PATH"), way: way,
		archives: "https://get.pulumi.com/releases/sdk", checksums: "https://github.com/pulumi/pulumi/releases/download",
		client: impatient(), stall: stallLimit, progress: p, compile: compile,
	}, nil
}

// found is where one program was found or put.
type found struct {
	file    string   // the program
	paths   []string // folders that it needs on PATH
	built   bool
	local   bool   // it was there already, where Pulumi finds it by itself
	version string // of one that was there already, if it has told
}

func (m *machine) ensure(ctx context.Context, needs []Need) (*Tools, error) {
	t := &Tools{homeOf: m.pulumiHome}
	plugins := map[string]string{}
	var cli string
	// The command comes first: it is what downloads plugins.
	for _, command := range []bool{true, false} {
		results, err := m.obtainAll(ctx, needs, command, cli)
		if err != nil {
			return nil, err
		}
		for i, f := range results {
			p := needs[i].program
			if f.file == "" {
				continue
			}
			t.paths = append(t.paths, f.paths...)
			t.built = t.built || f.built
			switch {
			case command:
				cli, t.Pulumi, t.PulumiVersion = f.file, f.file, cmp.Or(f.version, p.version)
				if !f.local {
					t.root = filepath.Dir(filepath.Dir(f.file))
					t.paths = append(t.paths, filepath.Dir(f.file))
				}
			case f.built:
				plugins[fmt.Sprintf("resource-%s-v%s", p.plugin, p.version)] = f.file
			}
		}
	}
	if len(plugins) > 0 {
		home, err := m.assembleHome(plugins)
		if err != nil {
			return nil, err
		}
		t.home = home
	}
	return t, nil
}

// obtainAll gets the commands or the plugins among the needs. Programs that have to be built are built two at a time from
// four cores on, and one after the other on fewer: the compiler itself uses all cores, and two builds at once compile what
// they share twice.
func (m *machine) obtainAll(ctx context.Context, needs []Need, command bool, cli string) ([]found, error) {
	results, problems := make([]found, len(needs)), make([]error, len(needs))
	width := 1
	if runtime.NumCPU() >= 4 {
		width = 2
	}
	slots := make(chan struct{}, width)
	var wait sync.WaitGroup
	for i, need := range needs {
		if (need.program.plugin == "") != command {
			continue
		}
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i], problems[i] = m.obtain(ctx, need.program, cli)
		})
	}
	wait.Wait()
	return results, errors.Join(problems...)
}

func (m *machine) obtain(ctx context.Context, p program, cli string) (found, error) {
	if m.way == "" || m.way == wayPath {
		if f, ok := m.find(ctx, p); ok {
			return f, nil
		}
		if m.way == wayPath {
			return found{}, fmt.Errorf("%s v%s is neither on PATH nor in %s, and SLIPWAY_TOOLCHAIN=path forbids to get it",
				p.name, p.version, m.pulumiHome)
		}
	}
	if f, ok := m.alreadyBuilt(p); ok && m.way != wayDownload {
		return f, nil
	}
	var refused error
	if m.way != wayBuild {
		f, err := m.download(ctx, p, cli)
		if err == nil || ctx.Err() != nil || m.way == wayDownload {
			return f, err
		}
		// A file that isn't what it should be is no reason to go on as if nothing had happened.
		if errors.Is(err, errChecksum) {
			return found{}, err
		}
		refused = err
	}
	if len(p.builds) == 0 {
		return found{}, fmt.Errorf("%s v%s can only be downloaded: %w", p.name, p.version, refused)
	}
	return m.buildProgram(ctx, p)
}

// impatient is a client that gives up on a host that can't be reached within seconds, and takes its time for the rest.
func impatient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = dialWithin(3 * time.Second)
	transport.TLSHandshakeTimeout = 4 * time.Second
	transport.ResponseHeaderTimeout = 10 * time.Second
	return &http.Client{Transport: transport}
}
