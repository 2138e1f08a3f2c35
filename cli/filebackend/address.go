// Package filebackend reads and writes the addresses of Pulumi's file back end.
// https://www.pulumi.com/docs/iac/concepts/state-and-backends/#using-a-self-managed-backend
package filebackend

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

const scheme = "file://"

// URL is the address of the back end in a folder, given as an absolute path. Pulumi parses it as a URL, so that # and % in a folder's
// name must be written as one does there.
func URL(folder string) string {
	return scheme + (&url.URL{Path: filepath.ToSlash(folder)}).EscapedPath()
}

// Folder is the folder that an address names, or false if it is of another kind of back end. ~ is the user's home folder, as Pulumi
// reads it.
func Folder(address string) (string, bool) {
	rest, ok := strings.CutPrefix(address, scheme)
	if !ok {
		return "", false
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	if plain, err := url.PathUnescape(rest); err == nil {
		rest = plain
	}
	if home, err := os.UserHomeDir(); err == nil && (rest == "~" || strings.HasPrefix(rest, "~/")) {
		rest = filepath.Join(home, strings.TrimPrefix(rest, "~"))
	}
	return filepath.FromSlash(rest), true
}
