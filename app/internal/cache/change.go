package cache

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// change is the last one that this instance has made of a slug, from its commit until the cache has confirmed it. One sender at a time
// has it, so that an older one does not come after it.
type change struct {
	entry   Entry
	sending bool
}

// Put tells the cache, and through it every instance, of a change that the database has committed, and returns whether it could. What the
// cache can't be told is told by retell.
func (r *Remote) Put(ctx context.Context, slug string, e Entry) (told bool) {
	r.mu.Lock()
	c, waits := r.untold[slug]
	if waits {
		c.entry = e
	} else if len(r.untold) < maxUntold {
		c = &change{entry: e, sending: true}
		r.untold[slug] = c
	}
	r.mu.Unlock()
	switch {
	case waits:
		r.Health.Wake()
	case c == nil:
		r.log.Error("cache can't be told of a change", "slug", slug, "stale_at_most", keepLink.String())
	default:
		err := r.do(ctx, func(ctx context.Context) error {
			return r.send(ctx, slug, e, func(p redis.Pipeliner) { p.Set(ctx, prefix+slug, e.URL, e.keep()) })
		})
		r.sent(slug, c, e, err)
		return err == nil
	}
	return false
}

// send changes what the cache holds and announces it.
func (r *Remote) send(ctx context.Context, slug string, e Entry, do func(redis.Pipeliner)) error {
	_, err := r.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		do(p)
		p.Publish(ctx, channel, e.sign()+slug)
		return nil
	})
	return err
}

// sent ends one attempt to tell the cache that slug is e.
func (r *Remote) sent(slug string, c *change, e Entry, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.sending = false
	if err == nil && c.entry == e {
		delete(r.untold, slug)
	} else {
		r.Health.Wake()
	}
}

// retell tells what could not be told. Another instance may have changed the same slug meanwhile, so a link is not written but left to be
// read from the database, and a deletion bars reads that began before it for no longer than they can take.
func (r *Remote) retell(ctx context.Context) error {
	for {
		slug, c, e := r.next()
		if c == nil {
			return nil
		}
		err := r.send(ctx, slug, e, func(p redis.Pipeliner) {
			if e.URL == "" {
				p.Set(ctx, prefix+slug, "", keepLate)
			} else {
				p.Del(ctx, prefix+slug)
			}
		})
		r.sent(slug, c, e, err)
		if err != nil {
			return fmt.Errorf("telling the cache of changes: %w", err)
		}
	}
}

// next takes a change that nobody is sending; c is nil if there is none.
func (r *Remote) next() (slug string, c *change, e Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for slug, c := range r.untold {
		if !c.sending {
			c.sending = true
			return slug, c, c.entry
		}
	}
	return "", nil, Entry{}
}
