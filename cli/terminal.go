package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminal tells whether a person can be asked.
func terminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
