// Package plugins asks the real providers' plugins what only they know: whether inputs are right (Check, and what a preview of the
// creation finds) and what a change of them does (Diff). A plugin runs as a process of its own, without credentials, configured
// offline, with a proxy that refuses every connection in place of the network. Every call has a bound: a plugin that isn't there, ends,
// hangs or wants the network gives no answer, and the reason for it.
package plugins

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// Program is a plugin's program on this machine.
type Program struct {
	// File is the program. Required.
	File string
	// Paths are folders that it needs on PATH. Default: none.
	Paths []string
	// From says in words where it was found: "PATH".
	From string
}

// Find looks for the plugin of a provider, such as "gcp", in the version that the program's SDK asks for; the version is empty where
// that is not known. The error says where it was looked for and how to get it.
type Find func(ctx context.Context, name, version string) (Program, error)

// Limits bound what a plugin may take.
type Limits struct {
	// Start is how long a plugin may take to start and to be configured. Default: 60 s.
	Start time.Duration
	// Call is how long it may take for one answer. Default: 20 s.
	Call time.Duration
	// Late is how many answers may be too late before it is not asked any more. Default: 3.
	Late int
	// Width is how many calls a plugin gets at a time. Default: 4.
	Width int
}

func (l Limits) orDefault() Limits {
	if l.Start == 0 {
		l.Start = 60 * time.Second
	}
	if l.Call == 0 {
		l.Call = 20 * time.Second
	}
	if l.Late == 0 {
		l.Late = 3
	}
	if l.Width == 0 {
		l.Width = 4
	}
	return l
}

// Pool is all plugins that a plan asks, however often it runs the program.
type Pool struct {
	find   Find
	limits Limits
	home   string
	ctx    context.Context
	cancel context.CancelFunc
	record record

	mu        sync.Mutex
	instances map[string]*Instance
	open      sync.WaitGroup
}

// New makes a pool without plugins. Close must be called.
func New(find Find, limits Limits) (*Pool, error) {
	home, err := os.MkdirTemp("", "slipway-plugins-")
	if err != nil {
		return nil, fmt.Errorf("making a home for plugins: %w", err)
	}
	p := &Pool{find: find, limits: limits.orDefault(), home: home, instances: map[string]*Instance{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p, nil
}

// Open returns the plugin of a provider that is configured in one way: one process for each way, as the engine has it. It is started
// in the background. Version is the one that the SDK asks for, or empty.
func (p *Pool) Open(name, version string, config resource.PropertyMap) *Instance {
	key := name + " " + version + " " + digest(config)
	p.mu.Lock()
	defer p.mu.Unlock()
	if i, ok := p.instances[key]; ok {
		return i
	}
	i := &Instance{Name: name, Asked: version, pool: p, ready: make(chan struct{}), slots: make(chan struct{}, p.limits.Width), answers: map[string]*Answer{}}
	p.instances[key] = i
	p.record.opened(i)
	p.open.Go(func() {
		defer close(i.ready)
		if err := i.start(config); err != nil {
			i.end(err.Error())
		}
	})
	return i
}

// Close ends all plugins.
func (p *Pool) Close() error {
	p.cancel()
	p.open.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	var wait sync.WaitGroup
	for _, key := range slices.Sorted(maps.Keys(p.instances)) {
		wait.Go(p.instances[key].stop)
	}
	wait.Wait()
	if err := os.RemoveAll(p.home); err != nil {
		return fmt.Errorf("removing the home of plugins: %w", err)
	}
	return nil
}

// digest tells two sets of properties apart.
func digest(all ...resource.PropertyMap) string {
	hash := sha256.New()
	for _, m := range all {
		s, err := plugin.MarshalProperties(m, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true, KeepOutputValues: true})
		if err != nil {
			_, _ = fmt.Fprintln(hash, err)
			continue
		}
		text, err := s.MarshalJSON()
		_, _ = fmt.Fprintln(hash, stable(text), err)
	}
	return hex.EncodeToString(hash.Sum(nil)[:12])
}

// Processes counts the plugins that run.
func (p *Pool) Processes() int {
	p.open.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, i := range p.instances {
		if i.process != nil {
			n++
		}
	}
	return n
}
