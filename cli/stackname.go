package cli

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// plainName is what Pulumi takes for the name of a stack.
// https://www.pulumi.com/docs/iac/concepts/stacks/#stack-name
var plainName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)

// selectStack splits the stack as it was given, STACK, ORG/STACK or ORG/PROJECT/STACK, as Pulumi does: its file and its resources are
// called after the last part, the back end is asked for all of it.
func (c *command) selectStack(given string) error {
	parts := strings.Split(given, "/")
	c.stack, c.owner = parts[len(parts)-1], strings.Join(parts[:len(parts)-1], "/")
	for _, part := range parts {
		if len(parts) > 3 || !plainName.MatchString(part) {
			return fmt.Errorf("-s %s: not the name of a stack: allowed are letters, digits, hyphens, underscores and dots, with ORG/ or ORG/PROJECT/ before it or not", given)
		}
	}
	if len(parts) < 3 {
		return nil
	}
	project, err := workspace.LoadProject(filepath.Join(c.root, "Pulumi.yaml"))
	if err != nil {
		return fmt.Errorf("reading Pulumi.yaml: %w", err)
	}
	if name := project.Name.String(); name != parts[1] {
		return fmt.Errorf("-s %s: this is project %s, not %s", given, name, parts[1])
	}
	return nil
}

// qualified is the stack as it was given.
func (c *command) qualified() string { return path.Join(c.owner, c.stack) }

// localOrganization is the only one that Pulumi's file back end knows.
const localOrganization = "organization"

// errOrganization is why the project's own back end has no such stack.
func (c *command) errOrganization() error {
	if organization, _, _ := strings.Cut(c.owner, "/"); c.owner != "" && organization != localOrganization {
		return errors.New("-s " + c.qualified() + ": the state is in .slipway/state, which has no organizations: use -s " + c.stack + ", or choose a back end with `pulumi login`")
	}
	return nil
}
