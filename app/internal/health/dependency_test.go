package health

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errBroken = errors.New("broken")

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		var recovered, asked int
		d := New("database", slog.New(slog.NewTextHandler(io.Discard, nil)), func(context.Context) error {
			if broken.Load() {
				return errBroken
			}
			return nil
		})
		d.OnRecover = func(context.Context) {
			if recovered++; d.Up() {
				t.Error("requests were let through before the recovery was done")
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { d.Run(ctx); close(done) }()
		call := func(err error) error {
			return d.Do(func() error { asked++; return err }, func(e error) bool { return e == errBroken })
		}
		for range 5 { // refusals, and failures that aren't in a row, are no outage
			_, _, _ = call(errors.New("refused")), call(errBroken), call(nil)
		}
		if !d.Up() {
			t.Fatal("tripped by failures that were not in a row")
		}
		broken.Store(true)
		for range 10 {
			_ = call(errBroken)
		}
		if d.Up() || asked != 18 {
			t.Errorf("up %v, asked %d times", d.Up(), asked)
		}
		if err := call(nil); !errors.Is(err, ErrDown) {
			t.Errorf("while down: %v", err)
		}
		time.Sleep(time.Minute)
		if d.Up() {
			t.Error("up while the probe fails")
		}
		broken.Store(false)
		time.Sleep(300 * time.Millisecond)
		if !d.Up() || recovered != 1 || call(nil) != nil {
			t.Errorf("not recovered: up %v, recovered %d", d.Up(), recovered)
		}
		broken.Store(true) // noticed without any request
		time.Sleep(2100 * time.Millisecond)
		if d.Up() {
			t.Error("the probe's failure went unnoticed")
		}
		cancel()
		<-done
		d.Check(ctx)
	})
}
