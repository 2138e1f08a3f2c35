package toolchain

import (
	"context"
	"path/filepath"
	"strings"
)

// DockerContext is the environment by which Pulumi's Docker provider, which knows no contexts, uses the same engine as the docker
// command: what `docker context` says, unless DOCKER_HOST says otherwise. It is empty for the default socket.
// https://docs.docker.com/engine/manage-resources/contexts/
func DockerContext(ctx context.Context) map[string]string { return thisDockerHost().context(ctx) }

func (h *dockerHost) context(ctx context.Context) map[string]string {
	if h.getenv("DOCKER_HOST") != "" || !h.has("docker") {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	out, err := h.run(ctx, "docker", "context", "inspect", "--format", "{{.Name}} {{.Endpoints.docker.Host}} {{if .TLSMaterial}}{{.Storage.TLSPath}}{{end}}")
	fields := strings.Fields(out)
	if err != nil || len(fields) < 2 || fields[0] == "default" {
		return nil
	}
	env := map[string]string{"DOCKER_HOST": fields[1]}
	if len(fields) > 2 {
		env["DOCKER_TLS_VERIFY"], env["DOCKER_CERT_PATH"] = "1", filepath.Join(fields[2], "docker")
	}
	return env
}
