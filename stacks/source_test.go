package stacks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components"
)

// builtFrom runs the program of docker and returns what it builds the app from.
func builtFrom(t *testing.T, root, app string) (components.ImageArgs, error) {
	t.Helper()
	r, _, err := deployed(t, root, input("cloud", "docker", "app", app), nil)
	if err != nil {
		return components.ImageArgs{}, err
	}
	return r.asked["image my-app"].(components.ImageArgs), nil
}

// TestLinkedSource: a link is followed first, so an edit behind it is a new version, and the build sees the folder itself.
func TestLinkedSource(t *testing.T) {
	root := checkout(t)
	elsewhere := t.TempDir()
	for name, text := range map[string]string{"Dockerfile": "FROM scratch\n", "main": "1"} {
		write(t, filepath.Join(elsewhere, name), text)
	}
	if err := os.Symlink(elsewhere, filepath.Join(root, "linked")); err != nil {
		t.Fatal(err)
	}
	first, err := builtFrom(t, root, `{"name":"my-app","path":"linked"}`)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(elsewhere, "main"), "2")
	second, err := builtFrom(t, root, `{"name":"my-app","path":"linked"}`)
	if err != nil {
		t.Fatal(err)
	}
	if first.Version == second.Version {
		t.Errorf("both versions of the linked source are %s", first.Version)
	}
	if real, _ := filepath.EvalSymlinks(elsewhere); second.Context != real {
		t.Errorf("the build context is %s, want %s", second.Context, real)
	}
}

// TestLinkToTheState: no path leads around the rule that the state gets into no image.
func TestLinkToTheState(t *testing.T) {
	root := checkout(t)
	if err := os.Symlink("..", filepath.Join(root, "app", "up")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"app/up", "../" + filepath.Base(root)} {
		if _, err := builtFrom(t, root, `{"name":"my-app","path":"`+path+`"}`); err == nil || !strings.Contains(err.Error(), "app.path") || !strings.Contains(err.Error(), stateFolder) {
			t.Errorf("app.path %s: got %v, want an error that names the key and the folder", path, err)
		}
	}
}

// TestRepositoryInContext: a commit makes no new version, and the build is told to leave the repository out, too.
func TestRepositoryInContext(t *testing.T) {
	root := checkout(t)
	write(t, filepath.Join(root, "app", ".git", "HEAD"), "1")
	write(t, filepath.Join(root, "app", ".dockerignore"), "*.log\n")
	first, err := builtFrom(t, root, `{"name":"my-app"}`)
	if err != nil {
		t.Fatal(err)
	}
	if dir := filepath.Join(root, stateFolder); !strings.HasPrefix(first.Dockerfile, dir) {
		t.Fatalf("the Dockerfile is %s, want a copy in %s", first.Dockerfile, dir)
	}
	recipe, err := os.ReadFile(first.Dockerfile)
	if err != nil || string(recipe) != "FROM scratch\n" {
		t.Errorf("the copy is %q (%v)", recipe, err)
	}
	rules, err := os.ReadFile(first.Dockerfile + ".dockerignore")
	if lines := strings.Fields(string(rules)); err != nil || len(lines) < 2 || lines[0] != "*.log" || lines[1] != "**/.git" {
		t.Errorf("the rules are %q (%v), want those of .dockerignore and the repository's", rules, err)
	}
	write(t, filepath.Join(root, "app", ".git", "HEAD"), "2")
	second, err := builtFrom(t, root, `{"name":"my-app"}`)
	if err != nil || first.Version != second.Version || first.Dockerfile != second.Dockerfile {
		t.Errorf("a commit makes version %s of %s (%v)", second.Version, first.Version, err)
	}
}

// TestRebuild: the key makes a new version of the same source, and its build looks tags up anew. Without it no registry is asked.
func TestRebuild(t *testing.T) {
	root := checkout(t)
	versions := map[string]bool{}
	for _, rebuild := range []string{"", "2026-12-01", "2026-12-02"} {
		image, err := builtFrom(t, root, `{"name":"my-app","rebuild":"`+rebuild+`"}`)
		if err != nil {
			t.Fatal(err)
		}
		versions[image.Version] = true
		if want := rebuild != ""; image.Pull != want {
			t.Errorf("with app.rebuild %q registries are asked: %t, want %t", rebuild, image.Pull, want)
		}
	}
	if len(versions) != 3 {
		t.Errorf("three values of app.rebuild make the versions %v", versions)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestMissingSource: what is not there is a problem of the configuration, named with its key, before anything is made.
func TestMissingSource(t *testing.T) {
	for app, want := range map[string]string{
		`{"name":"my-app","path":"ap"}`:                             `slipway:app.path = "ap": no such folder: `,
		`{"name":"my-app","path":"app/Dockerfile.prod"}`:            `slipway:app.path = "app/Dockerfile.prod": no such folder: `,
		`{"name":"my-app","dockerfile":"Dockerfile.debug"}`:         `slipway:app.dockerfile = "Dockerfile.debug": no such file: `,
		`{"name":"my-app","dockerfile":"sub"}`:                      `did you mean Dockerfile.prod?`,
		`{"name":"my-app","image":"registry.example.com/x:1"}`:      "",
		`{"name":"my-app","dockerfile":"./Dockerfile.prod"}`:        "",
		`{"name":"my-app","dockerfile":"../docker/App.Dockerfile"}`: "",
	} {
		root := checkout(t)
		must := os.Rename(filepath.Join(root, "app", "Dockerfile"), filepath.Join(root, "app", "Dockerfile.prod"))
		write(t, filepath.Join(root, "docker", "App.Dockerfile"), "FROM scratch\n")
		write(t, filepath.Join(root, "app", "sub", "file"), "")
		r, _, err := deployed(t, root, input("cloud", "docker", "app", app), nil)
		switch {
		case must != nil:
			t.Fatal(must)
		case want == "" && err != nil:
			t.Errorf("%s: %v", app, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), "the configuration has 1 problem") || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %s", app, err, want)
		case want != "" && r != nil:
			t.Errorf("%s: resources were made", app)
		}
	}
}
