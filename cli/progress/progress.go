// Package progress shows what a command is busy with and for how long. On a terminal it keeps one live line with the
// elapsed seconds; elsewhere (a pipe, a CI log) it prints plain lines. A step that ends within two seconds prints nothing
// at all.
//
//	p := progress.New(os.Stderr)
//	step := p.Start("building Pulumi CLI v3.259.0 (once; about 3 min)")
//	err := build()
//	step.Done(err) // building Pulumi CLI v3.259.0 (once; about 3 min): done in 3m12s
package progress

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	// patience is how long a step may take before it is worth a line.
	patience = 2 * time.Second
	// repeat is how often a plain line says that a step is still under way.
	repeat = 15 * time.Second
	// frame is how often the live line is drawn anew.
	frame = 200 * time.Millisecond
	// narrow is taken for a terminal's width when neither the terminal nor the shell tells it.
	narrow = 80
)

// Printer shows the steps of one command. It is safe for use by several goroutines; steps may overlap.
type Printer struct {
	mu       sync.Mutex
	w        io.Writer
	live     bool
	width    int
	terminal *os.File
	steps    []*Step
	drawn    bool
	stop     chan struct{}
}

// Step is one thing under way.
type Step struct {
	p     *Printer
	text  string
	begun time.Time
	said  time.Time // when a plain line was last printed; zero before the first
	over  bool
}

// New returns a printer to w. It draws a live line if w is a terminal, TERM isn't "dumb" and CI isn't set.
func New(w io.Writer) *Printer {
	p := &Printer{w: w, width: narrow}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 20 {
		p.width = n
	}
	if f, ok := w.(*os.File); ok && os.Getenv("TERM") != "dumb" && os.Getenv("CI") == "" {
		info, err := f.Stat()
		if p.live = err == nil && info.Mode()&os.ModeCharDevice != 0; p.live {
			p.terminal = f
		}
	}
	return p
}

// columns is the terminal's present width: its window may change, and shells don't export COLUMNS.
func (p *Printer) columns() int {
	if p.terminal != nil {
		if n, _, err := term.GetSize(int(p.terminal.Fd())); err == nil && n > 20 {
			return n
		}
	}
	return p.width
}

// Terminal tells whether a person is likely to look: whether there is a live line.
func (p *Printer) Terminal() bool { return p.live }

// Start begins a step. The text says what is done, such as "waiting for Docker".
func (p *Printer) Start(text string) *Step {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &Step{p: p, text: text, begun: time.Now()}
	p.steps = append(p.steps, s)
	if p.stop == nil {
		p.stop = make(chan struct{})
		go p.run(p.stop)
	}
	return s
}

// Println prints a line at once, above the live line if there is one.
func (p *Printer) Println(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line(text)
}

// Update changes the text of a step that is under way.
func (s *Step) Update(text string) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.text = text
}

// Done ends a step. With an error it says that the step failed; the error itself is for the caller to report. A second
// call does nothing.
func (s *Step) Done(err error) {
	p := s.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.over {
		return
	}
	defer s.end()
	if took := time.Since(s.begun); took >= patience || err != nil {
		word := "done in"
		if err != nil {
			word = "failed after"
		}
		p.line(fmt.Sprintf("%s: %s %s", s.text, word, short(took)))
	}
}

// Drop ends a step without a word: something else is shown from now on. A second call, or one after Done, does nothing.
func (s *Step) Drop() {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	if !s.over {
		s.end()
	}
}

// end takes the step off the printer, which the caller has locked.
func (s *Step) end() {
	p := s.p
	s.over = true
	for i, other := range p.steps {
		if other == s {
			p.steps = append(p.steps[:i], p.steps[i+1:]...)
			break
		}
	}
	if len(p.steps) == 0 {
		p.clear()
		close(p.stop)
		p.stop = nil
	}
}

// run draws until stop is closed.
func (p *Printer) run(stop chan struct{}) {
	every := patience / 4
	if p.live {
		every = frame
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			p.mu.Lock()
			// The last step may have ended, and another printer loop begun, while this one waited for the lock.
			if p.stop == stop {
				p.tick(time.Now())
			}
			p.mu.Unlock()
		}
	}
}

func (p *Printer) tick(now time.Time) {
	if p.live {
		p.draw(now)
		return
	}
	for _, s := range p.steps {
		took := now.Sub(s.begun)
		switch {
		case took < patience:
		case s.said.IsZero():
			s.said = now
			p.line(s.text + "…")
		case now.Sub(s.said) >= repeat:
			s.said = now
			p.line(fmt.Sprintf("%s… %s", s.text, short(took)))
		}
	}
}

// draw shows the steps in one line, the oldest first, cut to the terminal's width: a line that wraps can't be redrawn.
func (p *Printer) draw(now time.Time) {
	parts := make([]string, 0, len(p.steps))
	for _, s := range p.steps {
		parts = append(parts, fmt.Sprintf("%s… %s", s.text, short(now.Sub(s.begun))))
	}
	text := []rune(strings.Join(parts, " · "))
	if width := p.columns(); len(text) > width-1 {
		text = append(text[:width-2], '…')
	}
	p.clear()
	_, _ = io.WriteString(p.w, string(text))
	p.drawn = true
}

func (p *Printer) line(text string) {
	p.clear()
	_, _ = io.WriteString(p.w, text+"\n")
}

func (p *Printer) clear() {
	if p.drawn {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

// short writes a duration in whole seconds: 8s, 3m12s.
func short(d time.Duration) string { return d.Round(time.Second).String() }
