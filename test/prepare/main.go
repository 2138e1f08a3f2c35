// Command prepare gets ready what tests need beside Go: git, a browser, a Docker Engine, the base images, and the tools built from
// tools/. It prints the folders that tests need on their PATH.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/toolchain"
)

func main() {
	if err := prepare(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "prepare:", err)
		os.Exit(1)
	}
}

func prepare(ctx context.Context) error {
	if err := thisHost().ensurePrograms(os.Stderr); err != nil {
		return err
	}
	p := progress.New(os.Stderr)
	if err := toolchain.EnsureDocker(ctx, p); err != nil {
		return err
	}
	if err := toolchain.EnsureBaseImages(ctx, p); err != nil {
		return err
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	// The plugins of our own are under test.
	tools, err := toolchain.Build(ctx, p, root, toolchain.For("docker")...)
	if err != nil {
		return err
	}
	fmt.Println(filepath.Dir(tools.Pulumi) + string(os.PathListSeparator) + strings.TrimSuffix(tools.Env()["PATH"], string(os.PathListSeparator)+os.Getenv("PATH")))
	return nil
}
