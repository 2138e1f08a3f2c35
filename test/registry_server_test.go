package e2e

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// registryImage holds Debian's docker-registry. It stays, as the layers of the other tests' images do.
const registryImage = "slipway-test/docker-registry:e2e"

// registryMark is the label of all that TestRegistry makes; its value is the process.
const registryMark = "dev.slipway.test.registry"

func registryLabel() string { return registryMark + "=" + strconv.Itoa(os.Getpid()) }

// registry is Debian's docker-registry in a container.
type registry struct {
	container, address, password string
}

// startRegistry asks for the user AWS and a password, at a port of the loopback interface, which the engine takes without TLS.
func startRegistry(t *testing.T) *registry {
	t.Helper()
	sweepRegistries(t)
	engine(t, "build", "--quiet", "--tag", registryImage, "registry")
	r := &registry{address: fmt.Sprintf("127.0.0.1:%d", freePort(t)), password: newPassword(t)}
	t.Cleanup(func() { r.remove(t) })
	r.container = strings.TrimSpace(engine(t, "run", "--detach", "--label", registryLabel(), "--env", "TOKEN="+r.password,
		"--publish", r.address+":5000", "--tmpfs", "/data:uid=65532,gid=65532,mode=0700", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", registryImage))
	eventually(t, 20*time.Second, func() string {
		status, _, _, err := r.ask(http.MethodGet, "", "")
		if err != nil {
			return err.Error()
		}
		if status != http.StatusUnauthorized {
			return fmt.Sprintf("without a password the registry answers %d, want 401", status)
		}
		return ""
	})
	return r
}

func newPassword(t *testing.T) string {
	t.Helper()
	random := make([]byte, 20)
	_, err := rand.Read(random)
	must(t, err)
	return hex.EncodeToString(random)
}

// otherPassword is a token that the registry does not take, until it is changed to it.
const otherPassword = "eyJ-another-token-of-the-registry"

// changePassword is what time does to a token.
func (r *registry) changePassword(t *testing.T, to string) {
	t.Helper()
	engine(t, "exec", r.container, "sh", "/login", to)
	old := r.password
	r.password = to
	eventually(t, 10*time.Second, func() string {
		if status, _, _, _ := r.ask(http.MethodGet, "", old); status != http.StatusUnauthorized {
			return fmt.Sprintf("with the old password the registry answers %d", status)
		}
		return ""
	})
}

func (r *registry) remove(t *testing.T) {
	if r.container != "" {
		if t.Failed() {
			keep(t, "registry.log", []byte(containerLogs(t, r.container)))
		}
		_ = exec.Command("docker", "rm", "--force", "--volumes", r.container).Run()
	}
	r.forgetImages(t)
}

// sweepRegistries removes what runs that were cut off have left.
func sweepRegistries(t *testing.T) {
	t.Helper()
	dead := func(pid string) bool {
		n, err := strconv.Atoi(pid)
		return err == nil && syscall.Kill(n, 0) != nil
	}
	for _, line := range strings.Split(strings.TrimSpace(engine(t, "ps", "--all", "--filter", "label="+registryMark, "--format", `{{.ID}} {{.Label "`+registryMark+`"}}`)), "\n") {
		if id, pid, ok := strings.Cut(line, " "); ok && dead(pid) {
			_ = exec.Command("docker", "rm", "--force", "--volumes", id).Run()
		}
	}
	for _, id := range strings.Fields(engine(t, "image", "ls", "--quiet", "--filter", "label="+registryMark)) {
		if out, err := exec.Command("docker", "image", "inspect", "--format", `{{index .Config.Labels "`+registryMark+`"}}`, id).Output(); err == nil && dead(strings.TrimSpace(string(out))) {
			_ = exec.Command("docker", "image", "rm", "--force", id).Run()
		}
	}
}

// ask sends a request below /v2/. Without a password it comes without a user too.
func (r *registry) ask(method, path, password string) (status int, header http.Header, body []byte, err error) {
	req, err := http.NewRequest(method, "http://"+r.address+"/v2/"+path, nil)
	if err != nil {
		return 0, nil, nil, err
	}
	if password != "" {
		req.SetBasicAuth("AWS", password)
	}
	for _, kind := range []string{"application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"} {
		req.Header.Add("Accept", kind)
	}
	res, err := (&http.Client{Timeout: 5 * time.Second}).Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	return res.StatusCode, res.Header, body, err
}

// tags lists what the registry has.
func (r *registry) tags(t *testing.T) []string {
	t.Helper()
	status, _, body, err := r.ask(http.MethodGet, repository+"/tags/list", r.password)
	must(t, err)
	if status != http.StatusOK {
		t.Fatalf("the registry answers %d: %s", status, body)
	}
	tags := decode[struct{ Tags []string }](t, string(body)).Tags
	slices.Sort(tags)
	return tags
}

// digestOf computes the digest of what a tag names, from the content itself.
func (r *registry) digestOf(t *testing.T, tag string) string {
	t.Helper()
	status, header, body, err := r.ask(http.MethodGet, repository+"/manifests/"+tag, r.password)
	must(t, err)
	sum := sha256.Sum256(body)
	digest := "sha256:" + hex.EncodeToString(sum[:])
	if !json.Valid(body) || status != http.StatusOK || header.Get("Docker-Content-Digest") != digest {
		t.Errorf("the registry answers %d with the digest %s, want that of the content: %s", status, header.Get("Docker-Content-Digest"), digest)
	}
	return digest
}

// requests counts those of a method in the registry's log.
func (r *registry) requests(t *testing.T, method string) int {
	t.Helper()
	return len(regexp.MustCompile(`"`+method+` /v2/\S+ HTTP`).FindAllString(containerLogs(t, r.container), -1))
}

// writes counts the requests of pushes.
func (r *registry) writes(t *testing.T) int {
	t.Helper()
	return r.requests(t, http.MethodPut) + r.requests(t, http.MethodPost) + r.requests(t, http.MethodPatch)
}
