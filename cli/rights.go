package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/stacks"
)

// Entitler is a Target that knows which rights it takes to deploy a stack, and to read it.
type Entitler interface {
	// Rights are the files to hand to the cloud, by name. root is the folder of Pulumi.yaml. Nothing is asked of the account; it fails
	// where the configuration lacks what the files must name.
	Rights(root string, c stacks.Config) (map[string][]byte, error)
}

// writeRights writes the rights of the stack's roles below .slipway, and prints where. Encrypted configuration is not decrypted for that.
func writeRights(_ context.Context, c *command) error {
	entitler, ok := c.target.(Entitler)
	if !ok {
		return fmt.Errorf("rights on %s are not written by this verb: docs/%s.md says which roles there are", c.program.Cloud, c.program.Cloud)
	}
	conf, err := plan.Configure(c.root, c.stack, c.overrides)
	if err != nil {
		return err
	}
	checked, err := stacks.Load(conf.Input)
	if err != nil {
		return err
	}
	files, err := entitler.Rights(c.root, checked)
	if err != nil {
		return fmt.Errorf("rights of stack %q: %w", c.stack, err)
	}
	folder := filepath.Join(".slipway", "rights", c.stack)
	if err := os.MkdirAll(filepath.Join(c.root, folder), 0o700); err != nil {
		return fmt.Errorf("writing rights: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(c.root, folder, name), files[name], 0o644); err != nil {
			return fmt.Errorf("writing rights: %w", err)
		}
		fmt.Fprintln(c.out, filepath.Join(folder, name))
	}
	return nil
}
