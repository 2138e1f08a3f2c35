package cli

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// pulumiCloud is where Pulumi goes with a token and no other address.
const pulumiCloud = "https://api.pulumi.com"

// userBackend is the address of the back end that the user has chosen, or nothing. As Pulumi does, it looks at the environment, the
// project, what `pulumi login` has left, and a token, in this order.
// https://www.pulumi.com/docs/iac/concepts/state-and-backends/
func (c *command) userBackend(getenv func(string) string) string {
	for _, url := range []string{getenv("PULUMI_BACKEND_URL"), c.projectBackend(), loginOf(getenv)} {
		if url != "" {
			return url
		}
	}
	if getenv("PULUMI_ACCESS_TOKEN") != "" {
		return pulumiCloud
	}
	return ""
}

// projectBackend is backend.url of Pulumi.yaml, or nothing. What is wrong with the file is reported where it is opened.
func (c *command) projectBackend() string {
	project, err := workspace.LoadProject(filepath.Join(c.root, "Pulumi.yaml"))
	if err != nil || project.Backend == nil {
		return ""
	}
	return project.Backend.URL
}

// loginOf returns the back end that `pulumi login` has left, or nothing.
func loginOf(getenv func(string) string) string {
	folder := getenv("PULUMI_CREDENTIALS_PATH")
	if folder == "" {
		folder = getenv("PULUMI_HOME")
	}
	if folder == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		folder = filepath.Join(user, ".pulumi")
	}
	var credentials struct{ Current string }
	text, err := os.ReadFile(filepath.Join(folder, "credentials.json"))
	if err != nil || json.Unmarshal(text, &credentials) != nil {
		return ""
	}
	return credentials.Current
}
