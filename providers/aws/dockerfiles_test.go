package aws

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// byTag are the base images of the repository's own Dockerfiles that are named by a tag and not by a digest, each with the reason.
var byTag = map[string]string{
	"debian:trixie-slim": "Debian's own, which gets its security updates under the same tag",
	"golang:1.26-trixie": "likewise, for building only: nothing of it is in the image",
	"public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0":                                              "AWS's release; what a stack runs is its own copy, by digest",
	"ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib:0.119.0":          "a release, likewise",
	"us-docker.pkg.dev/cloud-ops-agents-artifacts/google-cloud-opentelemetry-collector/otelcol-google:0.130.0": "a release, likewise",
}

// Every base image is one version: by digest, or by a tag that the table above has with a reason, which is no moving one.
func TestBaseImages(t *testing.T) {
	from := regexp.MustCompile(`(?m)^FROM (?:--platform=\S+ )?(\S+)(?: AS (\S+))?`)
	used := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != "../.." && d.Name() != ".." {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasPrefix(d.Name(), "Dockerfile") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		stages := map[string]bool{"scratch": true, "${IMAGE}": true}
		for _, m := range from.FindAllStringSubmatch(string(text), -1) {
			switch image := m[1]; {
			case stages[image] || strings.Contains(image, "@sha256:"):
			case byTag[image] == "" || strings.HasSuffix(image, ":latest"):
				t.Errorf("%s is built from %s, which is neither by digest nor in the table", path, image)
			default:
				used[image] = true
			}
			stages[m[2]] = m[2] != ""
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for image := range byTag {
		if !used[image] {
			t.Errorf("nothing is built from %s any more", image)
		}
	}
}
