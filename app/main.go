// Command links is a URL shortener: small enough to read in half an hour, real enough to need everything that a
// production platform gives.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/slipway-iac/slipway/app/internal/cache"
	"github.com/slipway-iac/slipway/app/internal/config"
	"github.com/slipway-iac/slipway/app/internal/store"
	"github.com/slipway-iac/slipway/app/internal/telemetry"
)

const usage = `usage: links [serve | migrate | healthcheck | version]

  serve        answer requests (the default)
  migrate      bring the database schema up to date, then exit
  healthcheck  ask the instance on this machine whether it is alive
  version      print the version

Configuration is read from environment variables; see the README.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	cache.Quiet()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "links:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// run is main without the process around it: it ends when ctx does.
func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	flags := flag.NewFlagSet("links", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { _, _ = io.WriteString(out, usage) }
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	verb := "serve"
	if flags.NArg() > 0 {
		verb = flags.Arg(0)
	}
	switch verb {
	case "version":
		version := getenv("SLIPWAY_VERSION")
		if version == "" {
			version = "dev"
		}
		_, err := fmt.Fprintln(out, version)
		return err
	case "healthcheck":
		return healthcheck(ctx, getenv("PORT"))
	case "serve", "migrate":
		conf, err := config.Load(getenv)
		if err != nil {
			return err
		}
		log := telemetry.NewLogger(out, conf.LogLevel, conf.Version, conf.Slot)
		if verb == "migrate" {
			return store.Migrate(ctx, conf.DatabaseURL, conf.DatabaseCA, conf.MigrateTimeout, log)
		}
		return serve(ctx, conf, log)
	}
	flags.Usage()
	return fmt.Errorf("unknown command %q", verb)
}

// healthcheck is for the container engine: the image holds no shell and no curl. It needs nothing but PORT.
func healthcheck(ctx context.Context, port string) error {
	if port == "" {
		port = "8080"
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("PORT: %q is not a port", port)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort("127.0.0.1", port)+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("unhealthy: %s", resp.Status)
	}
	return nil
}
