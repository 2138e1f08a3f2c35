package e2e

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components"
)

// TestRegistry pushes the app's image as it is pushed on AWS, with the driver of AWS, the real engine, the real Docker provider and
// the real Docker Engine, to Debian's registry. AWS alone is simulated, such that it leads there.
func TestRegistry(t *testing.T) {
	if testing.Short() {
		t.Skip("end to end: left out by -short")
	}
	t.Parallel()
	requireEngine(t)
	r := startRegistry(t)
	d := newDeployment(t, r)
	source := newSource(t)

	// A token is given out once; the registry goes on taking the first password, so only its other half changes.
	source.write(t, "one")
	one := d.up(t, source, login{r.password, "2026-11-24T00:00:00Z"}, 1)
	tags := r.tags(t)
	if len(tags) != 1 || !regexp.MustCompile("^"+one.version+"-(amd64|arm64)-[0-9a-f]{6}$").MatchString(tags[0]) {
		t.Fatalf("the registry has the tags %v, want one of %s, its processor and the push", tags, one.version)
	}
	if want := r.address + "/" + repository + "@"; !strings.HasPrefix(one.ref, want) || r.digestOf(t, tags[0]) != one.digest() {
		t.Errorf("the reference is %s, want %s and %s, which the registry serves", one.ref, want, r.digestOf(t, tags[0]))
	}
	r.serves(t, one, "one")

	pushed := r.writes(t)
	if pushed == 0 {
		t.Fatal("the registry's log shows no push: the test proves nothing")
	}
	d.up(t, source, login{r.password, "2026-11-24T00:00:00Z"}, 0)
	d.up(t, source, login{otherPassword, "2026-11-24T12:00:00Z"}, 0)
	if again := r.writes(t); again != pushed || !slices.Equal(r.tags(t), tags) {
		t.Errorf("updates without a change have written to the registry: %d requests more, tags %v", again-pushed, r.tags(t))
	}

	source.write(t, "two")
	two := d.up(t, source, login{r.password, "2026-11-25T00:00:00Z"}, 1)
	both := r.tags(t)
	if len(both) != 2 || !slices.Contains(both, tags[0]) || two.digest() == one.digest() || two.version == one.version {
		t.Errorf("a new version made the tags %v and the reference %s, after %v and %s", both, two.ref, tags, one.ref)
	}
	r.serves(t, two, "two")
	r.serves(t, one, "one") // what a slot may still run

	source.write(t, "one")
	back := d.up(t, source, login{r.password, "2026-11-26T00:00:00Z"}, 1)
	three := r.tags(t)
	if len(three) != 3 || back.version != one.version || !slices.Contains(three, tags[0]) {
		t.Errorf("going back to %s made the tags %v, after %v", one.version, three, both)
	}
	r.serves(t, back, "one")

	// Half a day later: what the state holds opens nothing any more.
	r.changePassword(t, otherPassword)
	d.refresh(t)
	later := d.up(t, source, login{otherPassword, "2026-11-27T00:00:00Z"}, 1)
	r.serves(t, later, "one")
	if n := len(r.tags(t)); n != 4 {
		t.Errorf("there are %d tags after a refresh with an expired token and an update, want 4", n)
	}
	r.noTagTwice(t)
	d.noPasswordIn(t, r.password, otherPassword)

	before := r.tags(t)
	d.destroy(t)
	if after := r.tags(t); !slices.Equal(after, before) || r.requests(t, "DELETE") > 0 {
		t.Errorf("destroy left the tags %v of %v", after, before)
	}
	r.serves(t, one, "one")
}

// released is what one update has deployed.
type released struct{ version, ref string }

func (r released) digest() string {
	_, digest, _ := strings.Cut(r.ref, "@")
	return digest
}

// source is an app that prints its name.
type source struct{ dir, label string }

func newSource(t *testing.T) *source {
	t.Helper()
	s := &source{dir: t.TempDir(), label: registryLabel()}
	program := filepath.Join(t.TempDir(), "main.go")
	must(t, os.WriteFile(program, []byte("package main\n\nimport \"os\"\n\nfunc main() {\n\ttext, _ := os.ReadFile(\"/name\")\n\tos.Stdout.Write(text)\n}\n"), 0o644))
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(s.dir, "app"), program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the app: %v: %s", err, out)
	}
	must(t, os.WriteFile(filepath.Join(s.dir, "Dockerfile"), []byte("FROM scratch\nLABEL "+s.label+"\nCOPY app name /\nUSER 65532:65532\nENTRYPOINT [\"/app\"]\n"), 0o644))
	return s
}

func (s *source) write(t *testing.T, name string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(s.dir, "name"), []byte(name), 0o644))
}

func (s *source) version(t *testing.T) string {
	t.Helper()
	version, err := components.ContentHash(s.dir, "Dockerfile")
	must(t, err)
	return version
}

// serves pulls an image by its digest, as a task does, and runs it. The engine's own copy goes first.
func (r *registry) serves(t *testing.T, image released, prints string) {
	t.Helper()
	r.forgetImages(t)
	config := t.TempDir()
	auth, err := json.Marshal(map[string]any{"auths": map[string]any{r.address: map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte("AWS:" + r.password))}}})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(config, "config.json"), auth, 0o600))
	engine(t, "--config", config, "pull", "--quiet", image.ref)
	if got := engine(t, "run", "--rm", "--pull", "never", "--label", registryLabel(), image.ref); got != prints {
		t.Errorf("%s prints %q, want %q", image.ref, got, prints)
	}
}

// forgetImages removes what the engine has of the registry's images.
func (r *registry) forgetImages(t *testing.T) {
	t.Helper()
	ids := strings.Fields(engine(t, "image", "ls", "--quiet", "--filter", "label="+registryLabel()))
	if ids = slices.Compact(slices.Sorted(slices.Values(ids))); len(ids) > 0 {
		engine(t, append([]string{"image", "rm", "--force"}, ids...)...)
	}
}

// noTagTwice is what ECR refuses and this registry does not.
func (r *registry) noTagTwice(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`"PUT /v2/`+repository+`/manifests/(\S+) HTTP[^"]*" 201`).FindAllStringSubmatch(containerLogs(t, r.container), -1) {
		if seen[m[1]] {
			t.Errorf("the tag %s was pushed twice: ECR refuses that", m[1])
		}
		seen[m[1]] = true
	}
	if len(seen) == 0 {
		t.Errorf("the registry's log shows no tag:\n%s", containerLogs(t, r.container))
	}
}
