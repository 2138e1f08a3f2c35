package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// probeImage is a build context that needs no base image: one static program, put in by an ordinary Dockerfile.
func probeImage(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	source := `package main
import ("os";"os/signal";"syscall")
func main() {
	if len(os.Args) > 1 && os.Args[1] == "fail" { os.Exit(1) }
	if len(os.Args) > 1 && os.Args[1] == "check" {
		b, err := os.ReadFile("/data/config")
		if err != nil || string(b) != "` + uploadSecret + `" { os.Exit(1) }
		return
	}
	c := make(chan os.Signal, 1); signal.Notify(c, syscall.SIGTERM); <-c
}`
	for name, text := range map[string]string{
		"main.go": source, "note": "1", "Dockerfile": "FROM scratch\nCOPY probe /probe\nCOPY note /note\nCMD [\"/probe\"]\n",
		".dockerignore": "main.go\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-o", filepath.Join(folder, "probe"), filepath.Join(folder, "main.go"))
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the probe: %v\n%s", err, out)
	}
	return folder
}

// export reads the state back, by the resources' names.
func export(t *testing.T, ctx context.Context, stack auto.Stack) map[string]apitype.ResourceV3 {
	t.Helper()
	whole, err := stack.Export(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var deployment apitype.DeploymentV3
	if err := json.Unmarshal(whole.Deployment, &deployment); err != nil {
		t.Fatal(err)
	}
	found := map[string]apitype.ResourceV3{}
	for _, r := range deployment.Resources {
		found[r.URN.Name()] = r
	}
	for _, key := range []string{"command", "networksAdvanced"} {
		if _, ok := found["app"].Outputs[key]; !ok {
			t.Errorf("the container's state has no %q", key)
		}
	}
	for _, key := range []string{"commands", "networksAdvanceds", "containerId"} {
		if _, ok := found["app"].Outputs[key]; ok {
			t.Errorf("the container's state has the bridge's %q", key)
		}
	}
	return found
}

func checkContainer(t *testing.T, ctx context.Context, stack auto.Stack) {
	t.Helper()
	outputs, err := stack.Outputs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	name, _ := outputs["container"].Value.(string)
	if !strings.HasPrefix(name, "app-") || len(name) != len("app-1234567") {
		t.Errorf("container name %q is not the official plugin's app-<7 hex>", name)
	}
	out, err := exec.Command("docker", "inspect", name).Output()
	if err != nil {
		t.Fatalf("inspecting %s: %v", name, err)
	}
	for _, want := range []string{
		`"no-new-privileges:true"`, `"/tmp": "size=1m"`, `"max-size": "1m"`, `"CMD"`, `"ALL"`,
		`"HostPort": "18080"`, `"Destination": "/data"`, `"db:127.0.0.2"`, `"Status": "healthy"`, `"TOKEN=` + envSecret + `"`,
		`"Memory": 67108864`, `"65532:65532"`, `"Name": "nofile"`, `"dev.slipway.test": "forwarder"`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("docker inspect lacks %s", want)
		}
	}
}

// noSecretIn looks through every file of the backend: the state, its history and its backups.
func noSecretIn(t *testing.T, backend string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(backend, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files++
		for _, secret := range []string{envSecret, uploadSecret} {
			if strings.Contains(string(text), secret) {
				t.Errorf("the secret %q is readable in %s", secret, path)
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("looking through %d files of the backend: %v", files, err)
	}
}

// noOrphans makes sure that no bridge and no upstream provider of this test outlived the engine.
func noOrphans(t *testing.T) {
	t.Helper()
	path, err := exec.LookPath(providerProgram)
	if err != nil {
		t.Fatal(err)
	}
	for range 30 {
		if !runningOrphan(path) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("%s is still running with no parent", path)
}

func runningOrphan(path string) bool {
	out, _ := exec.Command("ps", "-eo", "ppid=,args=").Output()
	for line := range strings.Lines(string(out)) {
		if ppid, args, _ := strings.Cut(strings.TrimSpace(line), " "); ppid == "1" && strings.HasPrefix(strings.TrimSpace(args), path) {
			return true
		}
	}
	return false
}
