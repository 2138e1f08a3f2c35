package rollout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/slipway-iac/slipway/components"
)

// smokeFor is how long a candidate may take to answer its smoke test well, and inARow how many good answers it must give.
const (
	smokeFor = time.Minute
	inARow   = 3
)

// Door is the stack's public front door, with the key that reaches one slot past the weights.
type Door struct {
	// Client trusts the stack's certificate.
	Client *http.Client
	// URL is the public address, Key the stack's output slotKey.
	URL, Key string
	// HealthPath answers 200 and names the version in VersionHeader; SmokePath must answer below 400.
	HealthPath, SmokePath string
	// VersionHeader is the name of the header with the version.
	VersionHeader string
}

// ask sends one request to a slot.
func (d Door) ask(ctx context.Context, slot components.Slot, path string) (status int, version string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.URL+path, nil)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set(components.SlotHeader, string(slot))
	req.Header.Set(components.SlotKeyHeader, d.Key)
	// The slot itself must answer, not a cache before it.
	req.Header.Set("Cache-Control", "no-cache")
	client := *d.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, res.Header.Get(d.VersionHeader), err
}

// smoke asks a candidate until it has answered well several times in a row, at most for smokeFor. The error says what it answered
// last.
func (d Door) smoke(ctx context.Context, slot components.Slot, version string) error {
	limit, cancel := context.WithTimeout(ctx, smokeFor)
	defer cancel()
	var last error
	for streak := 0; streak < inARow; {
		if err := d.once(limit, slot, version); err == nil {
			streak++
			continue
		} else if limit.Err() == nil {
			last, streak = err, 0
		}
		select {
		case <-limit.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if last == nil {
				last = errors.New("no answer")
			}
			return fmt.Errorf("the smoke test failed for %s: %w", smokeFor, last)
		case <-time.After(500 * time.Millisecond):
		}
	}
	return nil
}

func (d Door) once(ctx context.Context, slot components.Slot, version string) error {
	status, got, err := d.ask(ctx, slot, d.HealthPath)
	switch {
	case err != nil:
		return err
	case status/100 != 2:
		return fmt.Errorf("%s answers %d, asked for at %s: app.healthPath must name a path that the app itself answers with 200 at the public address", d.HealthPath, status, d.URL)
	case got != "" && got != version:
		return fmt.Errorf("%s is answered by version %s, not by the candidate %s", d.HealthPath, got, version)
	case d.SmokePath == "":
		return nil
	}
	status, _, err = d.ask(ctx, slot, d.SmokePath)
	if err == nil && status >= http.StatusBadRequest {
		err = fmt.Errorf("%s (rollout.smokePath) answers %d", d.SmokePath, status)
	}
	return err
}

// exercise sends synthetic requests to a slot, a few at a time. Their answers are counted where all are.
func (d Door) exercise(ctx context.Context, slot components.Slot, requests int) {
	path := d.SmokePath
	if path == "" {
		path = d.HealthPath
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range requests / 4 {
				if ctx.Err() != nil {
					return
				}
				_, _, _ = d.ask(ctx, slot, path)
			}
		})
	}
	wait.Wait()
}
