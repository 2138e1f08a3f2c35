// Package clicks counts redirects in memory and adds them to the database in batches, off the hot path.
package clicks

import (
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

const (
	shards    = 16
	maxSlugs  = 200_000 // kept during an outage of the database, about 30 MB; clicks of further links are dropped, and counted
	batchSize = 2000
	finalTry  = 200 * time.Millisecond
)

// Sink stores one batch, all or nothing; a batch that is sent again under the same id must add nothing.
type Sink interface {
	AddClicks(ctx context.Context, id string, slugs []string, counts []int64) error
}

// Counter is safe for concurrent use.
type Counter struct {
	sink    Sink
	log     *slog.Logger
	seed    maphash.Seed
	shard   [shards]shard
	pending atomic.Int64
	stored  atomic.Int64
	dropped atomic.Int64

	mu    sync.Mutex // held by the one flush under way
	queue []batch    // frozen with their ids until the database confirms them
}

type shard struct {
	mu     sync.Mutex
	counts map[string]int64
	_      [40]byte // keeps neighbouring locks off one cache line
}

type batch struct {
	id     string
	slugs  []string
	counts []int64
	total  int64
}

// New returns an empty counter.
func New(sink Sink, log *slog.Logger) *Counter {
	c := &Counter{sink: sink, log: log, seed: maphash.MakeSeed()}
	for i := range c.shard {
		c.shard[i].counts = map[string]int64{}
	}
	return c
}

// Add counts one click. It never waits for the database.
func (c *Counter) Add(slug string) {
	s := &c.shard[maphash.String(c.seed, slug)%shards]
	s.mu.Lock()
	n, known := s.counts[slug]
	if !known && len(s.counts) >= maxSlugs/shards {
		s.mu.Unlock()
		c.dropped.Add(1)
		return
	}
	s.counts[slug] = n + 1
	s.mu.Unlock()
	c.pending.Add(1)
}

// Pending returns the clicks that the database hasn't confirmed.
func (c *Counter) Pending() int64 { return c.pending.Load() }

// Stored returns the clicks that the database has confirmed.
func (c *Counter) Stored() int64 { return c.stored.Load() }

// Dropped returns the clicks given up for want of memory.
func (c *Counter) Dropped() int64 { return c.dropped.Load() }

// Run flushes every interval until ctx ends. What a flush couldn't store stays for the next.
func (c *Counter) Run(ctx context.Context, interval time.Duration) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := c.Flush(ctx); err != nil && ctx.Err() == nil {
				c.log.Warn("clicks wait for the database", "pending", c.Pending(), "error", err.Error())
			}
		}
	}
}

// Flush stores everything counted so far. On an error the rest stays counted.
func (c *Counter) Flush(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		c.freeze()
	}
	for len(c.queue) > 0 {
		b := c.queue[0]
		if err := c.sink.AddClicks(ctx, b.id, b.slugs, b.counts); err != nil {
			return err
		}
		c.queue = c.queue[1:]
		c.pending.Add(-b.total)
		c.stored.Add(b.total)
	}
	c.queue = nil
	return nil
}

func (c *Counter) freeze() {
	var b batch
	for i := range c.shard {
		s := &c.shard[i]
		s.mu.Lock()
		counts := s.counts
		if len(counts) == 0 { // not replaced, so it is still being written to
			s.mu.Unlock()
			continue
		}
		s.counts = make(map[string]int64, len(counts))
		s.mu.Unlock()
		for slug, n := range counts {
			b.slugs, b.counts, b.total = append(b.slugs, slug), append(b.counts, n), b.total+n
			if len(b.slugs) == batchSize {
				c.queue, b = append(c.queue, b.named()), batch{}
			}
		}
	}
	if len(b.slugs) > 0 {
		c.queue = append(c.queue, b.named())
	}
}

func (b batch) named() batch {
	b.id = uuid.NewString()
	return b
}

// Drain stores everything before the process ends, trying again until ctx ends. The error says how many clicks are lost.
func (c *Counter) Drain(ctx context.Context) error {
	for {
		err := c.Flush(ctx)
		if err == nil && c.Pending() == 0 {
			return nil
		}
		if err == nil {
			continue // a batch of an earlier, failed flush went first
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d clicks could not be stored: %w", c.Pending(), err)
		case <-time.After(finalTry):
		}
	}
}
