package components

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// ContentHash names the source in a folder: the first 12 hexadecimal digits of a SHA-256 over the path, the executable bit and
// the content of every file that a build sees. Files that .dockerignore excludes do not count, nor do modification times,
// owners or where the folder lies, so two checkouts of one commit agree. extra is hashed too (build arguments, say).
// https://docs.docker.com/build/concepts/context/#dockerignore-files
func ContentHash(dir, dockerfile string, extra ...string) (string, error) {
	ignored, err := ignoredBy(dir)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, e := range extra {
		fmt.Fprintf(sum, "%d:%s", len(e), e)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		skip, err := ignored.MatchesOrParentMatches(rel)
		if err != nil {
			return fmt.Errorf("reading .dockerignore: %w", err)
		}
		// The Dockerfile is read even when it is ignored. A folder is entered even then: an exception ("!x") may follow.
		if d.IsDir() || (skip && rel != filepath.ToSlash(dockerfile)) {
			return nil
		}
		return hashFile(sum, path, rel, d)
	})
	if err != nil {
		return "", fmt.Errorf("hashing %s: %w", dir, err)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}

func ignoredBy(dir string) (*patternmatcher.PatternMatcher, error) {
	f, err := os.Open(filepath.Join(dir, ".dockerignore"))
	if errors.Is(err, fs.ErrNotExist) {
		return patternmatcher.New(nil)
	}
	if err != nil {
		return nil, fmt.Errorf("opening .dockerignore: %w", err)
	}
	defer f.Close()
	patterns, err := ignorefile.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("reading .dockerignore: %w", err)
	}
	return patternmatcher.New(patterns)
}

func hashFile(w io.Writer, path, rel string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "link %d:%s %d:%s", len(rel), rel, len(target), target)
		return nil
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	// The size comes from the bytes read, not from info, so a file that changes meanwhile can't be told apart wrongly.
	body := sha256.New()
	if _, err := io.Copy(body, f); err != nil {
		return err
	}
	fmt.Fprintf(w, "file %d:%s %t %x", len(rel), rel, info.Mode()&0o100 != 0, body.Sum(nil))
	return nil
}
