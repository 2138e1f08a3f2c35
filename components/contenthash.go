package components

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// BuildContext is a folder that an image is built from, as its version covers it.
type BuildContext struct {
	// Version names what the build sees: 12 hexadecimal digits.
	Version string
	// Ignore is nil if Docker's own rules leave out all that the version leaves out. Otherwise the build is to be given these rules in
	// place of the ignore file's: the context holds a repository's folder that no rule names.
	Ignore []string
}

// ContentHash is the version alone of ReadBuildContext.
func ContentHash(dir, dockerfile string, extra ...string) (string, error) {
	s, err := ReadBuildContext(dir, dockerfile, extra...)
	return s.Version, err
}

// ReadBuildContext names the source in a folder: the first 12 hexadecimal digits of a SHA-256 over the Dockerfile and over path, permissions
// and content of every file that a build sees. Which files those are is BuildKit's own rule: <Dockerfile>.dockerignore beside the
// Dockerfile, else .dockerignore. Modification times, owners and where the folder lies do not count, nor do folders without a file. So
// two checkouts of one commit agree if both were made under the same umask. dir may be a symbolic link; dockerfile is relative to dir
// and may lie outside of it. extra is hashed too (a platform, say).
//
// Repositories' own folders (.git) are no part of a version: they change with every commit. A rule such as !.git makes them one.
//   - https://docs.docker.com/build/concepts/context/#dockerignore-files
//   - https://github.com/moby/buildkit/blob/v0.22.0/frontend/dockerui/config.go
func ReadBuildContext(dir, dockerfile string, extra ...string) (BuildContext, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return BuildContext{}, fmt.Errorf("finding the build context: %w", err)
	}
	recipe, err := os.ReadFile(DockerfilePath(dir, dockerfile))
	if err != nil {
		return BuildContext{}, fmt.Errorf("reading the Dockerfile: %w", err)
	}
	filter, err := newContextFilter(dir, dockerfile)
	if err != nil {
		return BuildContext{}, err
	}
	sum := sha256.New()
	for _, e := range extra {
		fmt.Fprintf(sum, "%d:%s", len(e), e)
	}
	fmt.Fprintf(sum, "recipe %d:%s", len(recipe), recipe)
	if err := filter.hash(sum, dir); err != nil {
		return BuildContext{}, fmt.Errorf("hashing %s: %w; what no build needs can be named in .dockerignore", dir, err)
	}
	s := BuildContext{Version: hex.EncodeToString(sum.Sum(nil))[:12]}
	if filter.beyondFile {
		s.Ignore = filter.rules
	}
	return s, nil
}

// DockerfilePath is the absolute path of a Dockerfile that is named relative to its build context. Docker's provider must be given this
// one: up to 3.8 it reads a relative one from its own working folder where a builder is named, later ones from the context.
// https://github.com/kreuzwerker/terraform-provider-docker/issues/737
func DockerfilePath(context, dockerfile string) string {
	if filepath.IsAbs(dockerfile) {
		return dockerfile
	}
	return filepath.Join(context, filepath.FromSlash(dockerfile))
}

// permissions are the bits of a mode that get into an image.
func permissions(m fs.FileMode) fs.FileMode {
	return m & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)
}

func hashFile(w io.Writer, file, rel string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(file)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "link %d:%s %d:%s", len(rel), rel, len(target), target)
		return nil
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	// The size comes from the bytes read, not from info, so a file that changes meanwhile can't be told apart wrongly.
	body := sha256.New()
	if _, err := io.Copy(body, f); err != nil {
		return err
	}
	fmt.Fprintf(w, "file %d:%s %o %x", len(rel), rel, permissions(info.Mode()), body.Sum(nil))
	return nil
}
