// Package resolve finds a slug's target: in this instance's memory, then in the shared cache, then in the database.
package resolve

import (
	"context"
	"errors"
	"hash/maphash"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/slipway-iac/slipway/app/internal/cache"
	"github.com/slipway-iac/slipway/app/internal/links"
)

const (
	// trusted is how long memory is believed while every change is announced; doubted, while it may not be. A change is
	// then seen within the 0.7 s that silence takes to be noticed, or within doubted: always under a second.
	trusted = 30 * time.Second
	doubted = 500 * time.Millisecond
	// absence is how long an instance answers from memory that no link has a slug, counted from before the database was asked. It is
	// short, and no instance believes another one's: a creation whose announcement gets lost must not be denied by anybody, and is not
	// answered before this time is over.
	absence     = 200 * time.Millisecond
	loadTimeout = 3 * time.Second
	stripes     = 1024
)

// Database is asked when no cache knows.
type Database interface {
	Get(ctx context.Context, slug string) (links.Link, error)
}

// Counters count lookups by where they ended; each is called once per lookup that reaches it.
type Counters struct {
	LocalHit, LocalNegative, LocalMiss, LocalStale    func()
	RemoteHit, RemoteNegative, RemoteMiss, RemoteFail func()
}

// Resolver is safe for concurrent use.
type Resolver struct {
	db     Database
	remote *cache.Remote // nil without a shared cache
	count  Counters
	base   time.Time

	// Links and absences are kept apart, so that somebody trying random slugs can't push the hot links out.
	known  *lru.Cache[string, item]
	absent *lru.Cache[string, item]
	loads  singleflight.Group
	seed   maphash.Seed
	// changes counts announcements per stripe of slugs: a load that began before one must not be remembered after it.
	changes [stripes]atomic.Uint64
}

type item struct {
	url    string
	loaded time.Duration
}

// New returns a resolver that keeps up to entries links (and a quarter as many absences) in memory.
func New(db Database, entries int, count Counters) (*Resolver, error) {
	known, err := lru.New[string, item](entries)
	if err != nil {
		return nil, err
	}
	absent, err := lru.New[string, item](max(1, entries/4))
	if err != nil {
		return nil, err
	}
	return &Resolver{db: db, known: known, absent: absent, count: count, seed: maphash.MakeSeed(), base: time.Now()}, nil
}

// Use puts a shared cache behind the memory. Call it before the first Resolve.
func (r *Resolver) Use(remote *cache.Remote) { r.remote = remote }

func (r *Resolver) now() time.Duration {
	if r.remote != nil {
		return r.remote.Now()
	}
	return time.Since(r.base)
}

func (r *Resolver) fresh(it item, trust time.Duration) bool {
	age := r.now() - it.loaded
	if age < doubted {
		return true
	}
	if r.remote == nil || age >= trust {
		return false
	}
	since, ok := r.remote.Since()
	return ok && it.loaded > since
}

// Resolve returns the target of slug, links.ErrNotFound, or links.ErrUnavailable when nothing that could be asked knows.
// While the database can't be asked, a target that was known before is still returned.
func (r *Resolver) Resolve(ctx context.Context, slug string) (string, error) {
	it, ok := r.known.Get(slug)
	if ok && r.fresh(it, trusted) {
		r.count.LocalHit()
		return it.url, nil
	}
	if no, seen := r.absent.Get(slug); seen && !ok && r.now()-no.loaded < absence {
		r.count.LocalNegative()
		return "", links.ErrNotFound
	}
	r.count.LocalMiss()
	// One load serves everybody who asks meanwhile, so it must outlive the one who asked first.
	result := r.loads.DoChan(slug, func() (any, error) { return r.load(context.WithoutCancel(ctx), slug) })
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case got := <-result:
		if got.Err == nil {
			return got.Val.(string), nil
		}
		if ok && !errors.Is(got.Err, links.ErrNotFound) {
			r.count.LocalStale()
			return it.url, nil
		}
		return "", got.Err
	}
}

func (r *Resolver) load(ctx context.Context, slug string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	before, began := r.stripe(slug).Load(), r.now()
	if r.remote != nil {
		switch e, found, err := r.remote.Get(ctx, slug); {
		case err != nil:
			r.count.RemoteFail()
		case found && e.URL != "":
			r.count.RemoteHit()
			return r.keep(slug, e, before, r.now())
		case found: // deleted not long ago, and perhaps created again since
			r.count.RemoteNegative()
		default:
			r.count.RemoteMiss()
		}
	}
	l, err := r.db.Get(ctx, slug)
	if err != nil && !errors.Is(err, links.ErrNotFound) {
		return "", err
	}
	e := cache.Entry{URL: l.URL}
	if e.URL == "" {
		return r.keep(slug, e, before, began)
	}
	if r.remote != nil {
		r.remote.Fill(ctx, slug, e)
	}
	return r.keep(slug, e, before, r.now())
}

func (r *Resolver) keep(slug string, e cache.Entry, before uint64, loaded time.Duration) (string, error) {
	into, other, err := r.known, r.absent, error(nil)
	if e.URL == "" {
		into, other, err = r.absent, r.known, links.ErrNotFound
	}
	other.Remove(slug)
	into.Add(slug, item{url: e.URL, loaded: loaded})
	if r.stripe(slug).Load() != before { // looked at after adding: a change between the two is seen here or by Forget
		into.Remove(slug)
	}
	return e.URL, err
}

func (r *Resolver) stripe(slug string) *atomic.Uint64 {
	return &r.changes[maphash.String(r.seed, slug)%stripes]
}

// Forget ends the trust in what this instance remembers of slug: somebody created or (gone) deleted it.
func (r *Resolver) Forget(slug string, gone bool) {
	r.stripe(slug).Add(1)
	r.loads.Forget(slug)
	r.absent.Remove(slug)
	// An announcement of a creation may come after the link was first read. It is then asked for again, but what was read
	// must stay for an outage.
	if it, ok := r.known.Peek(slug); ok && !gone {
		r.known.Add(slug, item{url: it.url, loaded: -trusted})
	} else {
		r.known.Remove(slug)
	}
}

// Changed announces to every instance that slug now leads to url, or (empty) nowhere. Call it after the commit. A creation that can't be
// announced now is waited for until no instance denies it any more.
func (r *Resolver) Changed(ctx context.Context, slug, url string) {
	r.Forget(slug, url == "")
	if r.remote == nil {
		return
	}
	told := r.remote.Put(context.WithoutCancel(ctx), slug, cache.Entry{URL: url})
	r.Forget(slug, url == "") // again: a load since the first could have read the shared cache before it was told
	if told || url == "" {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(absence):
	}
}
