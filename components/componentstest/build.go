package componentstest

import (
	"path/filepath"
	"slices"
	"testing"
)

// builds asserts that Docker's provider is told Dockerfiles in a way that every version of it reads alike, and that it asks registries
// for the app's base images only when it is told to.
func (c Case) builds(t *testing.T, source string, got *Recording) {
	app := func(r *Recording) []any {
		for _, one := range r.Resources {
			if slices.Contains(one.At("build.context"), any(source)) {
				return one.At("build.pullParent")
			}
		}
		t.Fatal("nothing is built from the app's folder")
		return nil
	}
	for _, one := range got.Resources {
		for _, file := range one.At("build.dockerfile") {
			if text, _ := file.(string); !filepath.IsAbs(text) {
				t.Errorf("%s: the Dockerfile is %v, want an absolute path: see components.DockerfilePath", one.Name, file)
			}
		}
	}
	if pull := app(got); slices.Contains(pull, any(true)) {
		t.Error("a build that was not told to pull asks the registries: it can't be done offline")
	}
	pulling, err := c.record(source, true, func(a *Args) { a.Image.Pull = true })
	if err != nil {
		t.Fatal(err)
	}
	if pull := app(pulling); !slices.Contains(pull, any(true)) {
		t.Errorf("pullParent is %v, want true: the base images stay as the engine has them", pull)
	}
}
