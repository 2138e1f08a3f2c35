// Command pulumi-resource-docker is a stand-in for Pulumi's docker plugin, version 4, where that one can't be downloaded
// but a Go module proxy answers. It adds no docker code of its own: it starts Pulumi's Terraform bridge
// (docker-bridge), tells it to load the same upstream provider that the official plugin is made of
// (terraform-provider-docker), and forwards every gRPC call of the Pulumi engine to it.
//
// The bridge derives names from the provider's schema by rule, and the official plugin has exceptions to the rule. They
// are the tables in names.go; behaviour.go has the rest: what is replaced by deleting first, secrets, the default host.
//
// Both programs are looked for beside this one and then on PATH.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/slipway-iac/slipway/tools/plugin"
)

// version is that of the official plugin whose place this one takes.
const version = "4.10.0"

func main() {
	if plugin.WantsVersion(os.Args[1:]) {
		fmt.Println(version)
		return
	}
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-docker:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	bridge, err := startBridge(ctx, os.Args[1:])
	if err != nil {
		return err
	}
	defer bridge.stop()
	// Without the bridge there is nothing to forward to; the engine reports a plugin that went away better than one
	// whose every call fails.
	go func() {
		<-bridge.exited
		cancel()
	}()
	return plugin.Serve(ctx, os.Stdout, newServer(bridge.conn))
}
