package e2e

import (
	"strings"
	"testing"
	"time"
)

// destroyKeeps removes the stack without its data, which the next up serves again.
func (s *suite) destroyKeeps(t *testing.T) {
	r := s.must(t, "destroy")
	if !strings.Contains(r.stderr, "--delete-data") {
		t.Errorf("destroy does not say how to delete the data: %s", r)
	}
	if got, want := strings.Join(left(t, s.stack), "\n"), "volume slipway-"+s.stack+"-database-data"; got != want {
		t.Errorf("destroy without --delete-data left\n%s\nwant\n%s", got, want)
	}
	s.must(t, "up")
	s.outputs = s.project.outputs(t)
	s.site = newSite(t, s.outputs["url"], s.outputs["ca"])
	s.site.follow(t, keptSlug, keptTarget)
	s.site.create(t, "after-destroy", keptTarget)
	s.site.follow(t, "after-destroy", keptTarget)
}

// lostData removes the database with its volume, by hand: the next up makes both anew, with roles and tables.
func (s *suite) lostData(t *testing.T) {
	volume := "slipway-" + s.stack + "-database-data"
	engine(t, append([]string{"rm", "--force"}, strings.Fields(engine(t, "ps", "--all", "--quiet", "--filter", "volume="+volume))...)...)
	engine(t, "volume", "rm", volume)
	s.must(t, "up")
	s.allHealthy(t, time.Minute)
	s.site.create(t, "after-loss", keptTarget)
	s.site.follow(t, "after-loss", keptTarget)
}

// destroyDeletes removes everything, and nothing of another stack.
func (s *suite) destroyDeletes(t *testing.T) {
	// Another stack with the same source has the same image under a name of its own.
	other := "slipway-test/of-another-stack:" + s.stack
	engine(t, "tag", s.outputs["image"], other)
	t.Cleanup(func() { engine(t, "image", "rm", other) })
	s.must(t, "destroy", "--delete-data", "--yes")
	if things := left(t, s.stack); len(things) > 0 {
		t.Errorf("destroy --delete-data left\n%s", strings.Join(things, "\n"))
	}
	engine(t, "image", "inspect", other)
	if r := s.run(t, "output"); r.code == 0 {
		t.Errorf("output after destroy: %s", r)
	}
	s.clean(t)
}
