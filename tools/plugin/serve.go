// Package plugin is what Slipway's own Pulumi plugins share: the start-up protocol that the Pulumi engine expects of a
// plugin process, and a small resource provider made of tables (Provider, Resource, Field) for resources that are
// computed once and then kept in the state, such as passwords, keys and certificates.
//
// The protocol is described at
// https://pulumi-developer-docs.readthedocs.io/latest/docs/architecture/providers/README.html.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// parentPoll is how often Serve looks whether the engine that started the plugin is still there.
const parentPoll = time.Second

// stopGrace is how long calls in flight may take once the plugin was told to stop. The engine kills a plugin after five.
const stopGrace = 2 * time.Second

// MaxMessage is the largest gRPC message, in bytes, that a plugin sends or takes: the engine's own limit, 400 MB.
const MaxMessage = 400 << 20

// WantsVersion tells whether a plugin was started only to print its version, as `pulumi-resource-x --version` is.
func WantsVersion(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool { return a == "-version" || a == "--version" })
}

// Serve listens on a free loopback port, prints its number on out (that is how the engine learns it) and serves until
// ctx ends, the process is interrupted or terminated, or the parent process is gone. Every call that is under way then
// gets a few seconds to end.
func Serve(ctx context.Context, out io.Writer, server *grpc.Server) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening on loopback: %w", err)
	}
	if _, err := fmt.Fprintln(out, listener.Addr().(*net.TCPAddr).Port); err != nil {
		return fmt.Errorf("printing the port: %w", err)
	}
	go watchParent(ctx, os.Getppid, parentPoll, cancel)
	go func() {
		<-ctx.Done()
		hard := time.AfterFunc(stopGrace, server.Stop)
		defer hard.Stop()
		server.GracefulStop()
	}()
	if err := server.Serve(listener); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}

// watchParent calls gone once the parent is no longer the process that it was at the start. An engine that is killed
// outright can't stop its plugins, and they would stay for ever.
func watchParent(ctx context.Context, ppid func() int, every time.Duration, gone func()) {
	first := ppid()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if ppid() != first {
				gone()
				return
			}
		}
	}
}

// Run serves a provider as the main function of a plugin does.
func Run(ctx context.Context, out io.Writer, p *Provider) error {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage))
	pulumirpc.RegisterResourceProviderServer(server, p)
	return Serve(ctx, out, server)
}
