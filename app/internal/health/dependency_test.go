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
		var broken, unsettled atomic.Bool
		var settled atomic.Int32
		var asked int
		d := New("database", slog.New(slog.NewTextHandler(io.Discard, nil)), func(context.Context) error {
			if broken.Load() {
				return errBroken
			}
			return nil
		})
		d.Settle = func(context.Context) error {
			if settled.Add(1); unsettled.Load() {
				return errBroken
			}
			return nil
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
		if n := settled.Load(); n != 0 {
			t.Errorf("settled %d times while the probe fails", n)
		}
		unsettled.Store(true)
		broken.Store(false)
		time.Sleep(time.Minute)
		if d.Up() || settled.Load() == 0 {
			t.Error("up before all was settled")
		}
		unsettled.Store(false)
		time.Sleep(300 * time.Millisecond)
		if !d.Up() || call(nil) != nil {
			t.Error("not recovered")
		}
		before := settled.Load()
		d.Wake()
		time.Sleep(time.Millisecond)
		if n := settled.Load(); n != before+1 {
			t.Errorf("woken, it settled %d times", n-before)
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
