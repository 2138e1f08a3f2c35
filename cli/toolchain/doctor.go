package toolchain

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Status is what Check found of one thing.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Missing Status = "missing"
	Old     Status = "old"
)

// Finding is one line of the doctor's report.
type Finding struct {
	Name   string
	Status Status
	// Detail is where it is, which version, or what is wrong.
	Detail string
	// Fix says what to do. It is empty when nothing needs doing.
	Fix string
}

// What a first run may use, in bytes: the tools, compilers' caches and images, and the temporary files of one build.
const (
	diskNeeded      = 10 << 30
	temporaryNeeded = 2 << 30
)

// Check looks at everything that deploying the project at root to a cloud needs, and changes nothing.
func Check(ctx context.Context, root, cloud string) []Finding {
	findings := []Finding{checkGo(ctx)}
	m, err := thisMachine(nil, root)
	if err != nil {
		return append(findings, Finding{Name: "toolchain", Status: Missing, Detail: err.Error()})
	}
	for _, need := range For(cloud) {
		findings = append(findings, m.checkProgram(ctx, need.program))
	}
	// Images of every cloud's deployment are built with Docker.
	h := thisDockerHost()
	findings = append(findings, h.check(ctx))
	disks := []Finding{checkDisk(os.TempDir(), "temporary files", temporaryNeeded), checkDisk(parent(m.cache), "caches", diskNeeded)}
	if findings[len(findings)-1].Status == OK {
		for _, image := range []string{debianImage, golangImage} {
			findings = append(findings, checkImage(ctx, image))
		}
		if root := h.localRoot(ctx); root != "" {
			disks = append(disks, checkDisk(root, "images", diskNeeded))
		}
	}
	return append(findings, disks...)
}

func checkGo(ctx context.Context) Finding {
	f := Finding{Name: "go", Status: OK}
	out, err := run(ctx, "go", "env", "GOVERSION")
	switch {
	case err != nil:
		f.Status, f.Detail, f.Fix = Missing, "no go command", "install Go 1.26 or later: https://go.dev/doc/install"
	case !atLeastGo(out, 26):
		f.Status, f.Detail, f.Fix = Old, out, "install Go 1.26 or later: https://go.dev/doc/install"
	default:
		f.Detail = out
	}
	return f
}

func atLeastGo(version string, minor int) bool {
	var major, have int
	if _, err := fmt.Sscanf(version, "go%d.%d", &major, &have); err != nil {
		return false
	}
	return major > 1 || have >= minor
}

func (m *machine) checkProgram(ctx context.Context, p program) Finding {
	f := Finding{Name: p.name, Status: OK}
	if found, ok := m.find(ctx, p); ok && m.way != wayBuild {
		f.Detail = found.file
		return f
	}
	if found, ok := m.alreadyBuilt(p); ok {
		f.Detail = "built: " + found.file
		return f
	}
	if found, ok := m.alreadyDownloaded(p); ok && m.way != wayBuild {
		f.Detail = "downloaded: " + found.file
		return f
	}
	f.Status, f.Detail = Missing, "v"+p.version+" is not here yet"
	f.Fix = "nothing: up downloads it"
	if len(p.builds) > 0 {
		all := 0
		for _, b := range p.builds {
			all += b.minutes
		}
		f.Fix = fmt.Sprintf("nothing: up downloads it, or builds it once (%s)", takes(all))
	}
	return f
}

func (h *dockerHost) check(ctx context.Context) Finding {
	f := Finding{Name: "docker", Status: OK}
	if err := h.engine(ctx); err != nil {
		f.Status, f.Detail, f.Fix = Missing, err.Error(), h.advice()
		if h.isRoot && h.debian() && h.getenv("DOCKER_HOST") == "" {
			f.Fix = "nothing: up installs Debian's docker.io if it is missing, and starts it"
		}
		return f
	}
	version, err := h.run(ctx, "docker", "version", "--format", "{{.Server.Version}} (API {{.Server.APIVersion}})")
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	f.Detail = version
	return f
}

func checkImage(ctx context.Context, image string) Finding {
	out, err := run(ctx, "docker", "image", "inspect", "--format", `{{index .Config.Labels "`+BuiltFrom+`"}}`, image)
	if err != nil {
		return Finding{Name: image, Status: Missing, Detail: "not on this Docker Engine", Fix: "nothing: up pulls it, or builds it"}
	}
	if out == "" || strings.Contains(out, "no value") {
		return Finding{Name: image, Status: OK, Detail: "on this Docker Engine, not built by Slipway"}
	}
	return Finding{Name: image, Status: OK, Detail: "built here from " + out}
}

// localRoot is the folder in which the Docker Engine keeps images and volumes, or nothing if it isn't on this machine. An engine in
// a virtual machine (Docker Desktop) names a folder that isn't here.
func (h *dockerHost) localRoot(ctx context.Context) string {
	for _, endpoint := range []string{h.getenv("DOCKER_HOST"), h.context(ctx)["DOCKER_HOST"]} {
		if endpoint != "" && !strings.HasPrefix(endpoint, "unix://") {
			return ""
		}
	}
	root, err := h.run(ctx, "docker", "info", "--format", "{{.DockerRootDir}}")
	if err != nil || !filepath.IsAbs(root) {
		return ""
	}
	if _, err := os.Stat(root); err != nil {
		return ""
	}
	return root
}

// checkDisk compares the free space at dir with what is needed there, in bytes.
func checkDisk(dir, what string, needed uint64) Finding {
	f := Finding{Name: "disk space for " + what, Status: OK}
	free, known := freeBytes(dir)
	if !known {
		f.Detail = "not known on " + runtime.GOOS
		return f
	}
	f.Detail = fmt.Sprintf("%.0f GB free at %s", float64(free)/(1<<30), dir)
	if free < needed {
		f.Status, f.Fix = Missing, fmt.Sprintf("make room: a first run may need %d GB there (docker system prune, go clean -cache)", needed>>30)
	}
	return f
}

// parent is the nearest folder that exists: the cache may not be there yet.
func parent(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
		next := dir[:max(strings.LastIndexByte(dir, os.PathSeparator), 0)]
		if next == "" || next == dir {
			return string(os.PathSeparator)
		}
		dir = next
	}
}
