package stacks

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/slipway-iac/slipway/components"
)

// TestVersionFollowsTheDockerfile: one source with two Dockerfiles makes two apps, so another name is another version.
func TestVersionFollowsTheDockerfile(t *testing.T) {
	root := checkout(t)
	if err := os.WriteFile(filepath.Join(root, "app", "Dockerfile.debug"), []byte("FROM busybox\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	versions := map[string]bool{}
	for _, dockerfile := range []string{"Dockerfile", "Dockerfile.debug"} {
		r, _, err := deployed(t, root, input("cloud", "docker", "app", `{"name":"my-app","dockerfile":"`+dockerfile+`"}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		versions[r.asked["service my-app"].(components.ServiceArgs).Tracks[0].Version] = true
	}
	if len(versions) != 2 {
		t.Errorf("both Dockerfiles make version %v", versions)
	}
}
