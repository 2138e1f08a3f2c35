package azure

import (
	"context"
	"time"
)

// watching is how long, and how often, Azure is asked for what it does after it has said that a change is made.
type watching struct{ limit, pause time.Duration }

// until asks again and again until the question has its answer, fails, or has been asked for as long as it may take. It returns the
// last answer, and whether that is the one.
func (w watching) until(ctx context.Context, ask func() (text string, done bool, err error)) (string, bool, error) {
	end := time.Now().Add(w.limit)
	for {
		text, done, err := ask()
		if done || err != nil || !time.Now().Add(w.pause).Before(end) {
			return text, done, err
		}
		select {
		case <-ctx.Done():
			return text, false, ctx.Err()
		case <-time.After(w.pause):
		}
	}
}
