package components

import (
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// repositories are folders (files, in a worktree or a submodule) in which version control keeps its own.
var repositories = []string{".git", ".hg", ".jj", ".svn"}

// contextFilter tells which files of a build context a build sees.
type contextFilter struct {
	rules      []string
	all        *patternmatcher.PatternMatcher // rules
	own        *patternmatcher.PatternMatcher // those of the ignore file alone
	beyondFile bool                           // something was left out that the ignore file alone would not
}

func newContextFilter(dir, dockerfile string) (*contextFilter, error) {
	rules, err := ignoreRules(DockerfilePath(dir, dockerfile)+".dockerignore", filepath.Join(dir, ".dockerignore"))
	if err != nil {
		return nil, err
	}
	f := &contextFilter{rules: slices.Clone(rules)}
	for _, name := range repositories {
		if !slices.ContainsFunc(rules, func(rule string) bool { return readmits(rule, name) }) {
			f.rules = append(f.rules, "**/"+name)
		}
	}
	if f.own, err = patternmatcher.New(rules); err == nil {
		f.all, err = patternmatcher.New(f.rules)
	}
	if err != nil {
		return nil, fmt.Errorf("reading .dockerignore: %w", err)
	}
	return f, nil
}

// ignoreRules reads the first file that exists.
func ignoreRules(files ...string) ([]string, error) {
	for _, file := range files {
		f, err := os.Open(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", filepath.Base(file), err)
		}
		rules, err := ignorefile.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("reading %s: %w", filepath.Base(file), err)
		}
		return rules, nil
	}
	return nil, nil
}

// readmits tells whether a rule is an exception that names an element of a path.
func readmits(rule, name string) bool {
	rest, exception := strings.CutPrefix(rule, "!")
	return exception && slices.Contains(strings.Split(rest, "/"), name)
}

// folder is one on the way to the file that is looked at.
type folder struct {
	rel      string
	mode     fs.FileMode
	all, own patternmatcher.MatchInfo
	written  bool
}

// hash writes what a build sees. Rules are applied as BuildKit does, with the result of the folder above in hand; an ignored folder is
// entered only if an exception may follow in it.
// https://github.com/tonistiigi/fsutil/blob/master/filter.go
func (f *contextFilter) hash(sum hash.Hash, dir string) error {
	var above []folder
	return filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if file == dir {
			return err
		}
		rel, relErr := filepath.Rel(dir, file)
		if relErr != nil {
			return relErr
		}
		rel = filepath.ToSlash(rel)
		for len(above) > 0 && !strings.HasPrefix(rel, above[len(above)-1].rel+"/") && above[len(above)-1].rel != rel {
			above = above[:len(above)-1]
		}
		if err != nil { // reading a folder that was entered
			return f.unreadable(rel, above, err)
		}
		here := folder{rel: rel}
		skip, err := f.skips(&here, above)
		if err != nil {
			return fmt.Errorf("reading .dockerignore: %w", err)
		}
		if d.IsDir() {
			if skip && !f.mayReadmit(rel) {
				return fs.SkipDir
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			here.mode = info.Mode()
			above = append(above, here)
			return nil
		}
		if skip {
			return nil
		}
		for i := range above {
			if a := &above[i]; !a.written {
				fmt.Fprintf(sum, "folder %d:%s %o", len(a.rel), a.rel, permissions(a.mode))
				a.written = true
			}
		}
		return hashFile(sum, file, rel, d)
	})
}

// unreadable passes over a folder that can't be read if it is ignored: only an exception in it could have been seen.
func (f *contextFilter) unreadable(rel string, above []folder, err error) error {
	if i := len(above) - 1; i >= 0 && above[i].rel == rel && errors.Is(err, fs.ErrPermission) {
		here := folder{rel: rel}
		if skip, _ := f.skips(&here, above[:i]); skip {
			return nil
		}
	}
	return err
}

// skips tells whether the rules leave a path out, and notes in here what the rules say of it for all that is below.
func (f *contextFilter) skips(here *folder, above []folder) (bool, error) {
	var parent folder
	if len(above) > 0 {
		parent = above[len(above)-1]
	}
	rel := filepath.FromSlash(here.rel)
	skip, all, err := f.all.MatchesUsingParentResults(rel, parent.all)
	if err != nil {
		return false, err
	}
	byFile, own, err := f.own.MatchesUsingParentResults(rel, parent.own)
	here.all, here.own = all, own
	f.beyondFile = f.beyondFile || skip && !byFile
	return skip, err
}

// mayReadmit tells whether an exception could match something below an ignored folder.
func (f *contextFilter) mayReadmit(rel string) bool {
	for _, rule := range f.rules {
		rest, exception := strings.CutPrefix(rule, "!")
		if !exception {
			continue
		}
		rest = strings.Trim(path.Clean(filepath.ToSlash(rest)), "/")
		if strings.ContainsAny(strings.TrimSuffix(strings.TrimSuffix(rest, "/**"), "/*"), `*[]?^\`) || strings.HasPrefix(rest+"/", rel+"/") {
			return true
		}
	}
	return false
}
