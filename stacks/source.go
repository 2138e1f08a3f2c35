package stacks

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-iac/slipway/components"
)

// CheckSource tells whether there is what app.path and app.dockerfile name. root is the absolute path of Pulumi.yaml's folder. Load does
// not: a stack whose source has gone can still be looked at and removed.
func CheckSource(root string, c Config) error {
	if c.App.Image != "" {
		return nil
	}
	_, err := sourceFolder(root, c)
	return err
}

// sourceFolder is the build context itself, whichever links lead to it. It fails where that is the project's folder or one above it,
// which the path alone does not always tell: see checkAppPath.
func sourceFolder(root string, c Config) (string, error) {
	wrong := func(p problem) error {
		return &configError{project: c.Project, stack: c.Stack, problems: []problem{p}}
	}
	path := filepath.Join(root, filepath.FromSlash(c.App.Path))
	folder, err := filepath.EvalSymlinks(path)
	if info, statErr := os.Stat(path); err != nil || statErr != nil || !info.IsDir() {
		return "", wrong(problem{path: "app.path", value: show(c.App.Path), text: "no such folder: " + path,
			allowed: "the folder of the app's source, relative to Pulumi.yaml's; or app.image, for one that is built already"})
	}
	below, err := filepath.Rel(folder, filepath.Join(root, stateFolder))
	if err == nil && below != ".." && !strings.HasPrefix(below, ".."+string(filepath.Separator)) {
		return "", wrong(problem{path: "app.path", value: show(c.App.Path), text: "leads to " + folder + ", and so the build context would hold " +
			stateFolder + ", with the state and its passphrase", allowed: "a folder below Pulumi.yaml's, such as app, or one beside it"})
	}
	dockerfile := components.DockerfilePath(folder, c.App.Dockerfile)
	if info, err := os.Stat(dockerfile); err != nil || info.IsDir() {
		return "", wrong(problem{path: "app.dockerfile", value: show(c.App.Dockerfile), text: "no such file: " + dockerfile,
			allowed: "a Dockerfile, relative to app.path", nearest: otherDockerfile(folder)})
	}
	return folder, nil
}

// otherDockerfile is a file of the folder that is called as Dockerfiles are, or nothing.
func otherDockerfile(folder string) string {
	files, err := os.ReadDir(folder)
	if err != nil {
		return ""
	}
	for _, f := range files {
		name := strings.ToLower(f.Name())
		if !f.IsDir() && !strings.HasSuffix(name, ".dockerignore") && (strings.Contains(name, "dockerfile") || strings.Contains(name, "containerfile")) {
			return f.Name()
		}
	}
	return ""
}

// withoutRepository writes a copy of the Dockerfile with rules beside it that leave out what no version covers, and returns its path.
// BuildKit reads <Dockerfile>.dockerignore before .dockerignore; Docker's provider has no other way to be told a rule.
// https://docs.docker.com/build/concepts/context/#filename-and-location
func withoutRepository(root, context string, app App, source components.BuildContext) (string, error) {
	recipe, err := os.ReadFile(components.DockerfilePath(context, app.Dockerfile))
	if err != nil {
		return "", fmt.Errorf("reading the Dockerfile: %w", err)
	}
	of := sha256.Sum256([]byte(app.Path + "\x00" + app.Dockerfile))
	dir := filepath.Join(root, stateFolder, "build", app.Name+"-"+hex.EncodeToString(of[:4]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the folder of the build: %w", err)
	}
	file := filepath.Join(dir, "Dockerfile")
	rules := []byte(strings.Join(source.Ignore, "\n") + "\n")
	if err := errors.Join(replace(file, recipe), replace(file+".dockerignore", rules)); err != nil {
		return "", fmt.Errorf("writing the rules of the build: %w", err)
	}
	return file, nil
}

// replace writes a file as a whole, or not at all if it is as it should be: another run may be reading it.
func replace(file string, text []byte) error {
	if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, text) {
		return nil
	}
	fresh, err := os.CreateTemp(filepath.Dir(file), ".fresh-*")
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name())
	_, err = fresh.Write(text)
	if err := errors.Join(err, fresh.Close()); err != nil {
		return err
	}
	return os.Rename(fresh.Name(), file)
}
