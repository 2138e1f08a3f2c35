package resolve

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-iac/slipway/app/internal/links"
)

type database struct {
	calls atomic.Int64
	delay time.Duration
	mu    sync.Mutex
	err   error
	urls  map[string]string
}

func (d *database) Get(ctx context.Context, slug string) (links.Link, error) {
	d.calls.Add(1)
	d.mu.Lock()
	url, err := d.urls[slug], d.err
	d.mu.Unlock()
	select {
	case <-time.After(d.delay):
	case <-ctx.Done():
		return links.Link{}, ctx.Err()
	}
	if err == nil && url == "" {
		err = links.ErrNotFound
	}
	return links.Link{Slug: slug, URL: url}, err
}

func (d *database) set(slug, url string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.urls[slug], d.err = url, err
}

func resolver(t *testing.T, d *database) (*Resolver, *atomic.Int64) {
	t.Helper()
	d.urls = map[string]string{"hot": "https://example.com"}
	var stale atomic.Int64
	none := func() {}
	r, err := New(d, 100, Counters{LocalHit: none, LocalNegative: none, LocalMiss: none, LocalStale: func() { stale.Add(1) },
		RemoteHit: none, RemoteNegative: none, RemoteMiss: none, RemoteFail: none})
	if err != nil {
		t.Fatal(err)
	}
	return r, &stale
}

func TestCoalescing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{delay: 50 * time.Millisecond}
		r, _ := resolver(t, d)
		first, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancel) // who asked first leaves; the others still get their answer
		go func() {
			if _, err := r.Resolve(first, "hot"); !errors.Is(err, context.Canceled) {
				t.Errorf("the one who left got %v", err)
			}
		}()
		synctest.Wait()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if url, err := r.Resolve(t.Context(), "hot"); url != "https://example.com" || err != nil {
					t.Errorf("%q, %v", url, err)
				}
			})
		}
		wg.Wait()
		if n := d.calls.Load(); n != 1 {
			t.Errorf("%d queries for 101 requests", n)
		}
	})
}

func TestNegativeEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		r, _ := resolver(t, d)
		for range 10 {
			if _, err := r.Resolve(t.Context(), "none"); !errors.Is(err, links.ErrNotFound) {
				t.Fatal(err)
			}
		}
		if n := d.calls.Load(); n != 1 {
			t.Errorf("%d queries", n)
		}
		d.set("none", "https://new.example", nil)
		r.Changed(t.Context(), "none", "https://new.example")
		if url, err := r.Resolve(t.Context(), "none"); url != "https://new.example" || err != nil {
			t.Errorf("after creation: %q, %v", url, err)
		}
	})
}

// TestAbsenceIsShort: an instance that nobody can tell of a creation denies it no longer than a creation that can't be told waits, counted
// from before it asked: the answer may have been under way when the link came.
func TestAbsenceIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{delay: 150 * time.Millisecond}
		r, _ := resolver(t, d)
		if _, err := r.Resolve(t.Context(), "late"); !errors.Is(err, links.ErrNotFound) {
			t.Fatal(err)
		}
		d.set("late", "https://new.example", nil) // on another instance, while the answer was under way
		time.Sleep(absence - 150*time.Millisecond)
		if url, err := r.Resolve(t.Context(), "late"); url != "https://new.example" || err != nil {
			t.Errorf("after the creation: %q, %v", url, err)
		}
	})
}

// TestRandomSlugsKeepHotLinks: absences have their own memory.
func TestRandomSlugsKeepHotLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		r, _ := resolver(t, d)
		_, _ = r.Resolve(t.Context(), "hot")
		for range 1000 {
			_, _ = r.Resolve(t.Context(), links.NewSlug())
		}
		before := d.calls.Load()
		if _, err := r.Resolve(t.Context(), "hot"); err != nil || d.calls.Load() != before {
			t.Errorf("the hot link was pushed out: %v", err)
		}
	})
}

func TestStaleOnlyWhileTheDatabaseCannotBeAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		r, stale := resolver(t, d)
		_, _ = r.Resolve(t.Context(), "hot")
		_, _ = r.Resolve(t.Context(), "none")
		d.set("hot", "https://other.example", links.ErrUnavailable)
		time.Sleep(time.Second)
		if url, err := r.Resolve(t.Context(), "hot"); url != "https://example.com" || err != nil || stale.Load() != 1 {
			t.Errorf("outage: %q, %v, %d stale", url, err, stale.Load())
		}
		if _, err := r.Resolve(t.Context(), "none"); !errors.Is(err, links.ErrUnavailable) {
			t.Errorf("an absence must not be claimed from old knowledge: %v", err)
		}
		d.set("hot", "https://other.example", nil)
		if url, _ := r.Resolve(t.Context(), "hot"); url != "https://other.example" {
			t.Errorf("after recovery: %q", url)
		}
		d.set("hot", "", nil)
		time.Sleep(time.Second)
		if _, err := r.Resolve(t.Context(), "hot"); !errors.Is(err, links.ErrNotFound) {
			t.Errorf("after deletion elsewhere: %v", err)
		}
	})
}

// TestOvertakenLoadIsNotRemembered: a change that arrives during a load wins.
func TestOvertakenLoadIsNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{delay: 100 * time.Millisecond}
		r, _ := resolver(t, d)
		go func() { _, _ = r.Resolve(t.Context(), "hot") }()
		time.Sleep(10 * time.Millisecond)
		d.set("hot", "", nil)
		r.Forget("hot", true)
		if _, err := r.Resolve(t.Context(), "hot"); !errors.Is(err, links.ErrNotFound) {
			t.Errorf("joined the overtaken load: %v", err)
		}
		time.Sleep(time.Second)
		if it, ok := r.known.Get("hot"); ok {
			t.Errorf("remembered %v", it)
		}
	})
}

// TestLateAnnouncementOfACreation must not take the link away from an outage that follows.
func TestLateAnnouncementOfACreation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		r, _ := resolver(t, d)
		_, _ = r.Resolve(t.Context(), "hot")
		r.Forget("hot", false)
		before := d.calls.Load()
		if _, err := r.Resolve(t.Context(), "hot"); err != nil || d.calls.Load() != before+1 {
			t.Errorf("not asked again: %v", err)
		}
		r.Forget("hot", false)
		d.set("hot", "", links.ErrUnavailable)
		if url, err := r.Resolve(t.Context(), "hot"); url != "https://example.com" || err != nil {
			t.Errorf("outage: %q, %v", url, err)
		}
	})
}

func TestNewRefusesNoRoom(t *testing.T) {
	if _, err := New(nil, 0, Counters{}); err == nil {
		t.Error("accepted")
	}
}
