package progress

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestPlainLines(t *testing.T) {
	for _, c := range []struct {
		name string
		took time.Duration
		err  error
		want []string
	}{
		{"short steps are silent", time.Second, nil, nil},
		{"a short failure is told", time.Second, io.EOF, []string{"building: failed after 1s"}},
		{"a long step has a first and a last line", 5 * time.Second, nil, []string{"building…", "building: done in 5s"}},
		{"and repeats itself", 40 * time.Second, nil,
			[]string{"building…", "building… 17s", "building… 32s", "building: done in 40s"}},
		{"minutes are minutes", 3*time.Minute + 12*time.Second, errors.New("x"), []string{"building: failed after 3m12s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				step := New(&out).Start("building")
				time.Sleep(c.took)
				synctest.Wait()
				step.Done(c.err)
				step.Done(nil)
				got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
				if out.Len() == 0 {
					got = nil
				}
				if len(c.want) == 1 && len(got) > 1 {
					got = got[len(got)-1:]
				}
				if strings.Join(got, "|") != strings.Join(c.want, "|") {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		})
	}
}

// TestDrop: a step that gives way to another one is silent, however long it took.
func TestDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := New(&out)
		step := p.Start("thinking")
		time.Sleep(3 * time.Second)
		synctest.Wait()
		step.Drop()
		step.Drop()
		step.Done(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if out.String() != "thinking…\n" || p.stop != nil {
			t.Errorf("got %q, still running: %t", out.String(), p.stop != nil)
		}
	})
}

func TestLiveLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := New(&out)
		p.live, p.width = true, 30
		first, second := p.Start("one"), p.Start("two")
		time.Sleep(3100 * time.Millisecond)
		synctest.Wait()
		if want := "one… 3s · two… 3s"; !strings.HasSuffix(out.String(), want) {
			t.Errorf("%q doesn't end with %q", out.String(), want)
		}
		second.Update(strings.Repeat("long ", 20))
		time.Sleep(frame)
		synctest.Wait()
		last := out.String()[strings.LastIndex(out.String(), "\x1b[K")+3:]
		if n := len([]rune(last)); n >= 30 || !strings.HasSuffix(last, "…") {
			t.Errorf("the live line %q isn't cut to the width", last)
		}
		p.Println("hello")
		if !strings.HasSuffix(out.String(), "\r\x1b[Khello\n") {
			t.Errorf("a note doesn't clear the live line: %q", out.String())
		}
		first.Done(nil)
		second.Done(nil)
		if !strings.Contains(out.String(), "one: done in 3s\n") {
			t.Errorf("no final line: %q", out.String())
		}
	})
}

func TestConcurrentSteps(t *testing.T) {
	var out lockedBuffer
	p := New(&out)
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			s := p.Start("step")
			s.Update("other")
			p.Println("note")
			s.Done(nil)
		})
	}
	wait.Wait()
	if got := strings.Count(out.String(), "note\n"); got != 50 {
		t.Errorf("%d notes, want 50", got)
	}
}

func TestNewDetectsTerminal(t *testing.T) {
	t.Setenv("COLUMNS", "120")
	t.Setenv("TERM", "xterm")
	t.Setenv("CI", "")
	file, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if p := New(file); p.Terminal() || p.width != 120 {
		t.Errorf("a file is taken for a terminal (%v) or the width is not 120 (%d)", p.live, p.width)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}
