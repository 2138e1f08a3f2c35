package stacks

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"sync"
)

// settingsOf tells one set of settings, and one program that reads them, from another: with the same of both, an update brings nothing but
// another version of the app. Left out are the values of secrets, which no encoder gets, and the app's image, which is such a version.
func settingsOf(c Config) string {
	c.App.Image = ""
	text, err := json.Marshal(c)
	if err != nil {
		return "" // unlike any other: the next update is looked at in full
	}
	own := program()
	if own == "" {
		return ""
	}
	sum := sha256.Sum256(append(text, own...))
	return hex.EncodeToString(sum[:8])
}

// program identifies the program that runs: by the id that the Go linker has written into it, which is the same for the same source on every
// machine, else by its content.
// https://pkg.go.dev/cmd/internal/buildid
var program = sync.OnceValue(func() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	if f, err := elf.Open(path); err == nil {
		defer func() { _ = f.Close() }()
		if note := f.Section(".note.go.buildid"); note != nil {
			if id, err := note.Data(); err == nil {
				return string(id)
			}
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return string(h.Sum(nil))
})
