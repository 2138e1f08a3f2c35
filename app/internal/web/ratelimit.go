package web

import (
	"math"
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// maxClients bounds the memory of the rate limit (about 15 MB). Beyond it the client seen least recently starts afresh.
const maxClients = 50_000

// limiter is a token bucket per client address. A nil limiter allows everything.
type limiter struct {
	rps     rate.Limit
	burst   int
	clients *lru.Cache[netip.Addr, *rate.Limiter]
}

func newLimiter(rps float64, burst int) (*limiter, error) {
	if rps == 0 {
		return nil, nil
	}
	clients, err := lru.New[netip.Addr, *rate.Limiter](maxClients)
	if err != nil {
		return nil, err
	}
	return &limiter{rps: rate.Limit(rps), burst: burst, clients: clients}, nil
}

// allow takes one token, or says after how many seconds there will be one.
func (l *limiter) allow(client netip.Addr, now time.Time) (bool, int) {
	if l == nil {
		return true, 0
	}
	if client.Is6() { // one subscriber has a whole /64
		if p, err := client.Prefix(64); err == nil {
			client = p.Addr()
		}
	}
	bucket, ok := l.clients.Get(client)
	if !ok {
		bucket = rate.NewLimiter(l.rps, l.burst)
		if earlier, found, _ := l.clients.PeekOrAdd(client, bucket); found {
			bucket = earlier
		}
	}
	if bucket.AllowN(now, 1) {
		return true, 0
	}
	wait := (1 - bucket.TokensAt(now)) / float64(l.rps)
	return false, max(1, int(math.Ceil(wait)))
}
