package toolchain

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	fromLine = regexp.MustCompile(`(?mi)^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?`)
	// fullVersion is a tag that its publisher does not move: three numbers.
	fullVersion = regexp.MustCompile(`^[a-z0-9./-]+:v?[0-9]+\.[0-9]+\.[0-9]+$`)
)

// TestBaseImagesArePinned: every Dockerfile of the repository starts from nothing, from a base image that is built here where there is no
// network, or from a full version. What the version of an app does not cover can't move unseen.
func TestBaseImagesArePinned(t *testing.T) {
	own := []string{"scratch", "${IMAGE}", debianImage, golangImage}
	seen := 0
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == ".slipway") {
			return fs.SkipDir
		}
		if d.Name() != "Dockerfile" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var stages []string
		for _, m := range fromLine.FindAllStringSubmatch(string(text), -1) {
			seen++
			if image := m[1]; !slices.Contains(own, image) && !slices.Contains(stages, image) && !fullVersion.MatchString(image) {
				t.Errorf("%s: FROM %s: want one of %s, or a full version", path, image, strings.Join(own, ", "))
			}
			stages = append(stages, m[2])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 15 {
		t.Errorf("%d FROM lines were found, want all of them", seen)
	}
}
