// Package ci holds tests of what runs in CI: the workflows, their scripts, and the policies that docs/ci.md tells to use.
package ci

import (
	"archive/zip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const root = "../.."

type workflow struct {
	On          any
	Permissions *map[string]string
	Jobs        map[string]job
}

type job struct {
	Permissions *map[string]string
	Timeout     int `yaml:"timeout-minutes"`
	Environment any
	Concurrency any
	Steps       []step
}

type step struct {
	Name, Uses, Run string
	With            map[string]any
}

func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	all := map[string]workflow{}
	for _, file := range files {
		var w workflow
		if err := yaml.Unmarshal(read(t, file), &w); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".yml")] = w
	}
	return all
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func write(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestActionsArePinnedByCommit(t *testing.T) {
	pinned := regexp.MustCompile(`^\s*(- )?uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for name := range workflows(t) {
		for line := range strings.Lines(string(read(t, filepath.Join(root, ".github/workflows", name+".yml")))) {
			if strings.Contains(line, "uses:") && !pinned.MatchString(strings.TrimRight(line, "\n")) {
				t.Errorf("%s: %q does not name a commit with its version", name, strings.TrimSpace(line))
			}
		}
	}
}

func TestJobsHaveLeastRights(t *testing.T) {
	// What a job may do beyond reading the repository.
	more := map[string][]string{
		"preview/preview": {"id-token"}, "deploy/dev": {"id-token"}, "deploy/prod": {"id-token"}, "drift/drift": {"id-token", "issues"},
		"preview-comment/comment": {"actions", "pull-requests"},
	}
	for name, w := range workflows(t) {
		if w.Permissions == nil || len(*w.Permissions) > 0 {
			t.Errorf("%s: the workflow itself gives rights to every job", name)
		}
		for id, j := range w.Jobs {
			at := name + "/" + id
			if j.Permissions == nil {
				t.Errorf("%s: has whatever rights the repository gives by default", at)
				continue
			}
			for right, value := range *j.Permissions {
				if (right != "contents" || value != "read") && !slices.Contains(more[at], right) {
					t.Errorf("%s: has %s: %s", at, right, value)
				}
			}
			if j.Timeout == 0 {
				t.Errorf("%s: may hang for six hours", at)
			}
			for _, s := range j.Steps {
				if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
					t.Errorf("%s: leaves its token in the checkout", at)
				}
			}
		}
	}
}

// A fork's code must never run where there is a token that can write, or a role.
func TestForksMeetNoRights(t *testing.T) {
	for name, w := range workflows(t) {
		on, _ := w.On.(map[string]any)
		if _, ok := on["pull_request_target"]; ok {
			t.Errorf("%s: runs on pull_request_target", name)
		}
		if _, ok := on["workflow_run"]; !ok {
			continue
		}
		for id, j := range w.Jobs {
			for _, s := range j.Steps {
				if s.Uses != "" {
					t.Errorf("%s/%s: uses %s after a run that may be a fork's", name, id, s.Uses)
				}
			}
		}
	}
}

func TestDeploymentsAreNotBrokenOff(t *testing.T) {
	for _, id := range []string{"dev", "prod"} {
		j := workflows(t)["deploy"].Jobs[id]
		group, _ := j.Concurrency.(map[string]any)
		if group["group"] != "deploy-"+id || group["cancel-in-progress"] != false {
			t.Errorf("%s: concurrency is %v", id, j.Concurrency)
		}
		if environment, _ := j.Environment.(map[string]any); environment["name"] != id {
			t.Errorf("%s: environment is %v", id, j.Environment)
		}
	}
}

func TestPlansOfAChange(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"base/Pulumi.dev", "base/Pulumi.broken", "base/Pulumi.gone", "head/Pulumi.dev", "head/Pulumi.broken", "head/Pulumi.new", "head/Pulumi.bad"} {
		write(t, filepath.Join(dir, file+".yaml"), "", 0o644)
	}
	// Stands for `go run . plan -s STACK --out FILE [--against FILE --markdown]`.
	write(t, filepath.Join(dir, "bin/go"), `#!/bin/sh
case "$(basename "$PWD")/$5" in base/broken|head/bad) exit 1;; esac
echo "$@" > "$7"
case "$*" in *--markdown*) echo "section of $5";; *) echo "for people";; esac
case "$*" in *--against*) echo compared;; esac
`, 0o755)
	plan, err := filepath.Abs(filepath.Join(root, ".ci/plan"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(plan, "base", "head", "out")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	if err := cmd.Run(); err == nil {
		t.Error("a stack that can't be planned fails nothing")
	}
	for stack, want := range map[string]string{
		"dev":    "section of dev\ncompared\n",
		"new":    "section of new\n",
		"broken": "section of broken\n\nThe base cannot be planned, so everything counts as added.\n",
		"bad":    "### Stack `bad`\n\n**This stack cannot be planned:** see the log of the run.\n",
		"gone":   "### Stack `gone`\n\nIts file is removed. What it has made stays until `destroy` is run from a checkout that still has it.\n",
	} {
		if got := string(read(t, filepath.Join(dir, "out", stack+".md"))); got != want {
			t.Errorf("%s: %q, want %q", stack, got, want)
		}
	}
}

func TestCommentIsHarmless(t *testing.T) {
	for _, tool := range []string{"bash", "jq", "unzip"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	steps := workflows(t)["preview-comment"].Jobs["comment"].Steps
	script := steps[slices.IndexFunc(steps, func(s step) bool { return s.Name == "Read the text" })].Run
	for name, c := range map[string]struct {
		text  string
		want  []string
		never []string
	}{
		"the command line's own": {
			"<!-- slipway plan dev -->\n### Stack `dev`\n\n| a | b |\n\n**database `x` would be deleted.**\n<details><summary>1 resource</summary>\n\n- a\n\n</details>\n",
			[]string{"### Stack `dev`", "| a | b |", "**database `x` would be deleted.**", "<details><summary>1 resource</summary>", "</details>"},
			[]string{"<!-- slipway plan"},
		},
		"of somebody else": {
			"@everyone fixes #1 <img src=x onerror=alert(1)> ![p](https://example.com/p.png) <details open> <!-- --> \x1b[31m",
			[]string{"&lt;img", "&lt;details open>", `!\[p]`},
			[]string{"@everyone", "#1", "<img", "![", "<details open", "\x1b"},
		},
		"long":        {strings.Repeat("a", 70000), []string{"… and more"}, []string{strings.Repeat("a", 60001)}},
		"all markup":  {strings.Repeat("<", 70000), []string{"… and more"}, []string{strings.Repeat("&lt;", 15001)}},
		"no text":     {"", []string{"## What this pull request changes"}, nil},
		"many images": {strings.Repeat("![", 100), nil, []string{"!["}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			archive(t, filepath.Join(dir, "artifact.zip"), map[string]string{"comment.md": c.text, "../../escape": "x"})
			write(t, filepath.Join(dir, "bin/gh"), "#!/bin/sh\ncase \"$2\" in */zip) cat artifact.zip;; *) echo 1000;; esac\n", 0o755)
			cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", script)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "LC_ALL=C.UTF-8", "REPO=o/r", "ARTIFACT=1", "SHA=0123456789abcdef", "URL=https://example.com/run", "MARKER=<!-- m -->")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			got := string(read(t, filepath.Join(dir, "body.md")))
			if !strings.HasPrefix(got, "<!-- m -->\n") || len(got) > 65536 {
				t.Errorf("%d bytes, beginning with %.40q", len(got), got)
			}
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in %.300q", want, got)
				}
			}
			for _, never := range c.never {
				if strings.Contains(got, never) {
					t.Errorf("%.40q in %.300q", never, got)
				}
			}
		})
	}
}

func archive(t *testing.T, file string, files map[string]string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestGitLabTemplateIsYAML(t *testing.T) {
	var all map[string]any
	if err := yaml.Unmarshal(read(t, filepath.Join(root, "docs/gitlab-ci.yml")), &all); err != nil {
		t.Fatal(err)
	}
	for _, job := range []string{"check", "plan", "preview:dev", "preview:prod", "note", "deploy:dev", "deploy:prod", "drift:dev", "drift:prod"} {
		if all[job] == nil {
			t.Errorf("there is no job %s", job)
		}
	}
}
