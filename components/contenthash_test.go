package components_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/components"
)

// tree writes files (path → content) into a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for path, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func hashOf(t *testing.T, dir string, extra ...string) string {
	t.Helper()
	h, err := components.ContentHash(dir, "Dockerfile", extra...)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(h) {
		t.Fatalf("the hash is %q, want 12 hexadecimal digits", h)
	}
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestContentHash(t *testing.T) {
	base := map[string]string{
		"Dockerfile":    "FROM scratch\n",
		"main.go":       "package main\n",
		"web/page.html": "<p>hello</p>\n",
		"notes/todo.md": "later\n",
		"notes/kept.md": "kept\n",
		".dockerignore": "# what no build needs\nnotes/*\n!notes/kept.md\n*.log\nDockerfile\n",
	}
	remove := func(path string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, path))) }
	}
	write := func(path, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { must(t, os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644)) }
	}
	for _, row := range []struct {
		name    string
		change  func(*testing.T, string)
		changes bool
	}{
		{"nothing", func(*testing.T, string) {}, false},
		{"content", write("main.go", "package other\n"), true},
		{"a new file", write("web/more.html", ""), true},
		{"a removed file", remove("web/page.html"), true},
		{"a renamed file", func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "main.go"), filepath.Join(dir, "more.go")))
		}, true},
		{"a moved file", func(t *testing.T, dir string) {
			must(t, os.Rename(filepath.Join(dir, "web/page.html"), filepath.Join(dir, "page.html")))
		}, true},
		{"the executable bit", func(t *testing.T, dir string) { must(t, os.Chmod(filepath.Join(dir, "main.go"), 0o755)) }, true},
		{"other permissions", func(t *testing.T, dir string) { must(t, os.Chmod(filepath.Join(dir, "main.go"), 0o600)) }, true},
		{"the permissions of a folder", func(t *testing.T, dir string) { must(t, os.Chmod(filepath.Join(dir, "web"), 0o700)) }, true},
		{"the permissions of an ignored file", func(t *testing.T, dir string) {
			must(t, os.Chmod(filepath.Join(dir, "notes/todo.md"), 0o600))
		}, false},
		{"the modification time", func(t *testing.T, dir string) {
			must(t, os.Chtimes(filepath.Join(dir, "main.go"), time.Unix(1, 0), time.Unix(1, 0)))
		}, false},
		{"an empty folder", func(t *testing.T, dir string) { must(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755)) }, false},
		{"an ignored file", write("notes/todo.md", "now\n"), false},
		{"a new ignored file", write("debug.log", "much\n"), false},
		{"an exception in an ignored folder", write("notes/kept.md", "changed\n"), true},
		{"an ignored Dockerfile, which is read all the same", write("Dockerfile", "FROM other\n"), true},
		{"the ignore file", write(".dockerignore", "# another comment\nnotes/*\n!notes/kept.md\n*.log\nDockerfile\n"), true},
		{"a symbolic link", func(t *testing.T, dir string) { must(t, os.Symlink("main.go", filepath.Join(dir, "link"))) }, true},
		{"the ignored end of a link", func(t *testing.T, dir string) { must(t, os.Symlink("main.go", filepath.Join(dir, "link.log"))) }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := tree(t, base)
			before := hashOf(t, dir)
			row.change(t, dir)
			if changed := hashOf(t, dir) != before; changed != row.changes {
				t.Errorf("the hash changes: %t, want %t", changed, row.changes)
			}
		})
	}
}

func TestContentHashOfCopies(t *testing.T) {
	files := map[string]string{"Dockerfile": "FROM scratch", "a": "1", "b/c": "2"}
	one, other := tree(t, files), tree(t, files)
	if a, b := hashOf(t, one), hashOf(t, other); a != b {
		t.Errorf("two folders of the same content have the hashes %s and %s", a, b)
	}
	if hashOf(t, one) == hashOf(t, one, "linux/arm64") {
		t.Error("what is hashed beside the files makes no difference")
	}
	if hashOf(t, one, "ab", "c") == hashOf(t, one, "a", "bc") {
		t.Error("the border between two extras makes no difference")
	}
}

func TestContentHashOfLinks(t *testing.T) {
	link := func(target string) string {
		dir := tree(t, map[string]string{"Dockerfile": "FROM scratch", "a": "same", "b": "same"})
		must(t, os.Symlink(target, filepath.Join(dir, "link")))
		return dir
	}
	if hashOf(t, link("a")) == hashOf(t, link("b")) {
		t.Error("a link to another file of the same content has the same hash")
	}
	hashOf(t, link("nowhere"))
}

func TestContentHashFails(t *testing.T) {
	for name, dir := range map[string]string{
		"no folder":            filepath.Join(t.TempDir(), "missing"),
		"a bad ignore pattern": tree(t, map[string]string{"Dockerfile": "FROM scratch", ".dockerignore": "[", "a": ""}),
		"no Dockerfile":        tree(t, map[string]string{"a": ""}),
	} {
		t.Run(name, func(t *testing.T) {
			if h, err := components.ContentHash(dir, "Dockerfile"); err == nil {
				t.Errorf("got %s, want an error", h)
			}
		})
	}
}

func TestContentHashOfALinkToTheContext(t *testing.T) {
	dir := tree(t, map[string]string{"Dockerfile": "FROM scratch", "a": "1"})
	link := filepath.Join(t.TempDir(), "app")
	must(t, os.Symlink(dir, link))
	before := hashOf(t, link)
	if before != hashOf(t, dir) {
		t.Error("the link and the folder itself have different hashes")
	}
	must(t, os.WriteFile(filepath.Join(dir, "a"), []byte("2"), 0o644))
	if hashOf(t, link) == before {
		t.Error("an edit behind the link makes no difference")
	}
}

// TestContentHashOfOtherDockerfiles: the Dockerfile counts wherever it lies, and the ignore file that is called after it goes first.
func TestContentHashOfOtherDockerfiles(t *testing.T) {
	for _, row := range []struct {
		name, file, text string
		changes          bool
	}{
		{"the Dockerfile outside", "docker/App.Dockerfile", "FROM other\n", true},
		{"what its own ignore file leaves out", "app/skipped", "2", false},
		{"what only .dockerignore leaves out", "app/main.go", "package other\n", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := tree(t, map[string]string{
				"app/.dockerignore": "*\n", "app/main.go": "package main\n", "app/skipped": "1",
				"docker/App.Dockerfile": "FROM scratch\n", "docker/App.Dockerfile.dockerignore": "skipped\n",
			})
			hash := func() string {
				h, err := components.ContentHash(filepath.Join(dir, "app"), "../docker/App.Dockerfile")
				must(t, err)
				return h
			}
			before := hash()
			must(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(row.file)), []byte(row.text), 0o644))
			if changed := hash() != before; changed != row.changes {
				t.Errorf("the hash changes: %t, want %t", changed, row.changes)
			}
		})
	}
}

func TestContentHashWithoutRepositories(t *testing.T) {
	for _, row := range []struct {
		name, ignored string
		counts, rules bool
	}{
		{"no ignore file", "", false, true},
		{"ignored by the file", "**/.git\n", false, false},
		{"everything but", "*\n!main.go\n!Dockerfile\n", false, false},
		{"wanted", "*.log\n!.git\n", true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := tree(t, map[string]string{"Dockerfile": "FROM scratch", ".dockerignore": row.ignored, "main.go": "", ".git/HEAD": "1", "sub/.git": "1"})
			before, err := components.ReadBuildContext(dir, "Dockerfile")
			must(t, err)
			if got := before.Ignore != nil; got != row.rules {
				t.Errorf("the build is given rules: %t (%q), want %t", got, before.Ignore, row.rules)
			}
			must(t, os.WriteFile(filepath.Join(dir, ".git/HEAD"), []byte("2"), 0o644))
			if changed := hashOf(t, dir) != before.Version; changed != row.counts {
				t.Errorf("a commit changes the hash: %t, want %t", changed, row.counts)
			}
		})
	}
}
