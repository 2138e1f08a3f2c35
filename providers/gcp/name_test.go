package gcp

import (
	"regexp"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	valid := regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)
	seen := map[string]string{}
	for _, stack := range []string{"dev", "Dev", "d.ev", "prod", "a-very-long-name-of-a-stack-that-goes-on-and-on-and-on", "a-very-long-name-of-a-stack-that-goes-on-and-on-and-off"} {
		for _, app := range []string{"links", "forty-characters-make-the-longest-of-all", "google-like"} {
			p := &Platform{settings: Settings{App: app}, stack: stack}
			for _, limit := range []int{30, 40, 63} {
				got := p.fixed("run", limit)
				if len(got) > limit || !valid.MatchString(got) {
					t.Errorf("%s in %s is %q", app, stack, got)
				}
				if other, twice := seen[got]; twice && other != app+"/"+stack {
					t.Errorf("%q is the name of %s and of %s/%s", got, other, app, stack)
				}
				seen[got] = app + "/" + stack
			}
			if strings.HasPrefix(p.fixed("", 63), "goog") {
				t.Errorf("%s begins as Google's own names do", p.fixed("", 63))
			}
			if service := ServiceName(app, stack); len(service)+len("green---") > 46+len("---") {
				t.Errorf("%s leaves no room for a tag", service)
			}
			if label := StackLabel("a-project", stack); len(label) > 63 || !regexp.MustCompile(`^[a-z0-9_-]+$`).MatchString(label) {
				t.Errorf("the label is %q", label)
			}
			for _, step := range []string{"dbinit", "migrate-1", "migrate-12345"} {
				if name := p.jobName(step); !regexp.MustCompile(JobsPattern(app, stack)).MatchString(name) {
					t.Errorf("%s does not match %s", name, JobsPattern(app, stack))
				}
			}
		}
	}
}
