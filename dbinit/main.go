// Command dbinit prepares a PostgreSQL database for one app and exits: it creates or updates the app's database, its role
// with least rights, and optionally a monitoring role. It runs as an init step on every target, as often as wanted:
// a second run changes nothing but the password's salt. README.md lists the environment and the exit codes.
package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes: what an init container's caller can tell apart without reading the log.
const (
	exitDone          = 0
	exitRefused       = 1 // the database refused a statement
	exitConfiguration = 2
	exitUnreachable   = 3 // no answer within the wait
	exitLogin         = 4 // the master's password or the server's certificate is wrong
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Getenv, os.ReadFile, os.Stdout))
}

// run is main without its process: it reads the environment through getenv and readFile and logs JSON to out.
func run(ctx context.Context, getenv func(string) string, readFile func(string) ([]byte, error), out io.Writer) int {
	log := slog.New(slog.NewJSONHandler(out, nil)).With("service", "dbinit")
	c, err := loadConfig(getenv, readFile)
	if err != nil {
		log.Error("wrong configuration", "error", err.Error())
		return exitConfiguration
	}
	log = log.With("host", c.master.Host, "database", c.app.database, "role", c.app.name)
	if err := bootstrap(ctx, c, log); err != nil {
		log.Error("failed", "error", err.Error())
		return exitCode(err)
	}
	log.Info("done")
	return exitDone
}

func exitCode(err error) int {
	switch {
	case errors.Is(err, errUnreachable):
		return exitUnreachable
	case errors.Is(err, errLogin):
		return exitLogin
	default:
		return exitRefused
	}
}
