package clicks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"
)

// ledger is a database that can fail, before or after its commit.
type ledger struct {
	mu       sync.Mutex
	seen     map[string]bool
	counts   map[string]int64
	down     bool
	lostAcks int
	calls    int
}

var errDown = errors.New("down")

func (l *ledger) AddClicks(_ context.Context, id string, slugs []string, counts []int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.down {
		return errDown
	}
	if !l.seen[id] {
		l.seen[id] = true
		for i, s := range slugs {
			l.counts[s] += counts[i]
		}
	}
	if l.lostAcks > 0 {
		l.lostAcks--
		return errDown
	}
	return nil
}

func (l *ledger) sum() (n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.counts {
		n += c
	}
	return n
}

func counter() (*ledger, *Counter) {
	l := &ledger{seen: map[string]bool{}, counts: map[string]int64{}}
	return l, New(l, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

func TestEveryClickIsStoredOnce(t *testing.T) {
	l, c := counter()
	l.lostAcks = 3 // commits whose confirmation never came back: they must not count twice
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { c.Run(ctx, time.Millisecond); close(done) }()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 5000 {
				c.Add(fmt.Sprint("slug", i%100))
			}
		})
	}
	wg.Wait()
	cancel()
	<-done
	if err := c.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l.sum() != 40_000 || c.Stored() != 40_000 || c.Pending() != 0 || c.Dropped() != 0 {
		t.Errorf("stored %d, confirmed %d, pending %d, dropped %d", l.sum(), c.Stored(), c.Pending(), c.Dropped())
	}
}

func TestOutageKeepsClicks(t *testing.T) {
	l, c := counter()
	l.down = true
	c.Add("a")
	if err := c.Flush(t.Context()); !errors.Is(err, errDown) {
		t.Fatal(err)
	}
	c.Add("a")
	c.Add("b")
	if c.Pending() != 3 {
		t.Errorf("pending %d", c.Pending())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := c.Drain(ctx); err == nil || err.Error() != "3 clicks could not be stored: down" {
		t.Errorf("drain without a database: %v", err)
	}
	l.mu.Lock()
	l.down = false
	l.mu.Unlock()
	if err := c.Drain(t.Context()); err != nil || l.counts["a"] != 2 || l.counts["b"] != 1 {
		t.Errorf("%v, %v", err, l.counts)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	l, c := counter()
	for i := range maxSlugs + 50_000 {
		c.Add(fmt.Sprint(i))
	}
	if c.Dropped() == 0 || c.Pending() > maxSlugs {
		t.Errorf("dropped %d, pending %d", c.Dropped(), c.Pending())
	}
	c.Add("0") // known slugs still count
	want := c.Pending()
	if err := c.Flush(t.Context()); err != nil || l.sum() != want || l.calls < int(want/batchSize) {
		t.Errorf("%v: %d stored of %d in %d batches", err, l.sum(), want, l.calls)
	}
}

func BenchmarkAdd(b *testing.B) {
	_, c := counter()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			c.Add("hot")
		}
	})
}
