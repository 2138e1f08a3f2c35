// Package cli holds the verbs of `go run . VERB`. They drive the same program that a plain `pulumi up` runs, in this process,
// through Pulumi's Automation API: that needs the pulumi command but no language plugin.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/stacks"
)

// Stack names the stack a verb works on.
type Stack struct {
	// Root is the absolute path of the folder that holds Pulumi.yaml.
	Root string
	// Project and Name are Pulumi's.
	Project, Name string
	// Config is the checked configuration.
	Config stacks.Config
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitChange = 3
)

// Main runs the Pulumi program when the engine started this process, and the command line otherwise. It returns the exit code:
// 0, 1 for a failure, 2 for wrong usage, 3 for changes that a preview did not expect, and those of a rollout.
func Main(program stacks.Program, target Target) int {
	if os.Getenv(pulumi.EnvMonitor) != "" {
		pulumi.Run(program.Run)
		return exitOK
	}
	ctx, stop := untilSignal()
	defer stop()
	return run(ctx, program, target, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}

// untilSignal is done at the first signal that asks to end. A second one ends the process at once.
func untilSignal() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// verb is one row of the command line.
type verb struct {
	name, args, summary string
	run                 func(context.Context, *command) error
	// changes says that the verb changes the stack, so that it must be alone with it.
	changes bool
}

var verbs = []verb{
	{"up", "[--replace NAME]", "create or update the stack, and check that the new version answers", up, true},
	{"preview", "[--refresh] [--expect-no-changes] [--markdown]", "show what up would change", preview, false},
	{"plan", "[--from FILE|DIR|REF] [--out FILE] [--providers none|download] [--json|--markdown]", "simulate up without any account, and the way from another state", makePlan, false},
	{"destroy", "[--delete-data] [--yes]", "remove the stack; data is kept unless it is asked for twice", destroy, true},
	{"rollout", "start [--manual] | promote [--all] | abort | status", "move traffic to the source's version step by step, or back", rolloutVerb, false},
	{"output", "[NAME] [--json]", "print the stack's outputs", output, false},
	{"logs", "[-f] [--since 10m] [COMPONENT]", "print the logs of the stack", logs, false},
	{"doctor", "", "say what is missing on this machine and how to get it", doctor, false},
	{"rights", "", "write the rights that deploying and reading the stack takes, for the roles of CI", writeRights, false},
}

// command is one call of a verb.
type command struct {
	program stacks.Program
	target  Target

	changes    bool // what the verb does
	release    func()
	stack      string // its name alone
	owner      string // ORG or ORG/PROJECT, if it was given so
	overrides  []string
	rest       []string
	jsonOut    bool
	deleteData bool
	yes        bool
	consent    plan.Consent // what may be replaced or deleted in spite of data or traffic
	logOptions LogOptions
	plan       planOptions
	preview    previewOptions
	rollout    rolloutOptions

	in       io.Reader
	out, err io.Writer
	progress *progress.Printer

	root string
}

func run(ctx context.Context, program stacks.Program, target Target, args []string, in io.Reader, out, errOut io.Writer) int {
	if len(args) == 0 || slices.Contains([]string{"help", "-h", "--help"}, args[0]) {
		usage(out)
		return exitOK
	}
	i := slices.IndexFunc(verbs, func(v verb) bool { return v.name == args[0] })
	if i < 0 {
		fmt.Fprintf(errOut, "slipway: there is no verb %q\n\n", args[0])
		usage(errOut)
		return exitUsage
	}
	c := &command{program: program, target: target, in: in, out: out, err: errOut, progress: progress.New(errOut), changes: verbs[i].changes, release: func() {}}
	defer func() { c.release() }()
	if err := c.parse(verbs[i], args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		fmt.Fprintln(errOut, "slipway:", err)
		return exitUsage
	}
	err := verbs[i].run(ctx, c)
	if err == nil {
		return exitOK
	}
	var own *exit
	if errors.As(err, &own) {
		fmt.Fprintln(errOut, "\nslipway:", own.err)
		return own.code
	}
	if ctx.Err() != nil && !c.changes {
		fmt.Fprintln(errOut, "\nslipway: interrupted")
		return exitFailed
	}
	if ctx.Err() != nil {
		fmt.Fprintf(errOut, "\nslipway: interrupted. What was done is recorded; `go run . %s -s %s` goes on from there.\n", c.verbToResume(verbs[i].name), c.qualified())
		return exitFailed
	}
	fmt.Fprintln(errOut, "\nslipway:", explain(err, c))
	if errors.Is(err, errChanges) {
		return exitChange
	}
	return exitFailed
}

func (c *command) verbToResume(name string) string {
	if name == "destroy" {
		return name
	}
	return "up"
}

func usage(w io.Writer) {
	fmt.Fprint(w, "Usage: go run . VERB [-s STACK] [-c key=value]...\n\n")
	for _, v := range verbs {
		fmt.Fprintf(w, "  %-55s %s\n", v.name+" "+v.args, v.summary)
	}
	fmt.Fprint(w, "\n  -s STACK       the stack: Pulumi.STACK.yaml (default: local)\n  -c key=value   configuration for this run only, such as app.replicas.min=3; may be repeated\n"+
		"  rollout takes --json (one event a line), --no-wait (don't wait to remove the version before) and --take-over (from a process that is gone)\n")
}

// list is a flag that may be repeated.
type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(v string) error { *l = append(*l, v); return nil }

func (c *command) parse(v verb, args []string) error {
	f := flag.NewFlagSet(v.name, flag.ContinueOnError)
	f.SetOutput(c.err)
	f.Usage = func() { usage(c.err) }
	for _, name := range []string{"s", "stack"} {
		f.StringVar(&c.stack, name, "local", "stack")
	}
	for _, name := range []string{"c", "config"} {
		f.Var((*list)(&c.overrides), name, "configuration for this run")
	}
	switch v.name {
	case "up", "plan", "rollout":
		f.Var((*list)(&c.consent), "replace", "let a resource, or a component's, be replaced or deleted in spite of its data or its traffic; may be repeated")
	}
	switch v.name {
	case "up":
		f.BoolVar(&c.yes, "yes", false, "don't ask about what --replace names")
	case "output":
		f.BoolVar(&c.jsonOut, "json", false, "as JSON")
	case "preview":
		f.BoolVar(&c.preview.markdown, "markdown", false, "as the comment of a pull request")
		f.BoolVar(&c.preview.refresh, "refresh", false, "read what is really there first")
		f.BoolVar(&c.preview.none, "expect-no-changes", false, "exit code 3 if anything would change")
	case "plan":
		f.StringVar(&c.plan.file, "out", "", "write the simulated state to this file, in the format of pulumi stack export")
		f.StringVar(&c.plan.against, "against", "", "compare with this file: another plan, or the output of pulumi stack export")
		f.StringVar(&c.plan.from, "from", "", "plan the way from this: a file as with --against, another stack file, another checkout, or a commit")
		f.StringVar(&c.plan.providers, "providers", defaultProviders(), "ask the real providers: those that are here (auto), none, or download what is missing; audit: compare our tables with them too")
		f.BoolVar(&c.jsonOut, "json", false, "as JSON")
		f.BoolVar(&c.plan.markdown, "markdown", false, "as the comment of a pull request")
	case "rollout":
		f.BoolVar(&c.jsonOut, "json", false, "events as JSON, one a line")
		f.BoolVar(&c.rollout.manual, "manual", false, "start: stop at each step")
		f.BoolVar(&c.rollout.all, "all", false, "promote: go on to the end")
		f.BoolVar(&c.rollout.noWait, "no-wait", false, "end when the new version is live, without waiting to remove the one before")
		f.BoolVar(&c.rollout.takeOver, "take-over", false, "take the rollout over from a process that is gone, on another machine")
	case "destroy":
		f.BoolVar(&c.deleteData, "delete-data", false, "delete the database volume too")
		f.BoolVar(&c.yes, "yes", false, "don't ask")
	case "logs":
		f.BoolVar(&c.logOptions.Follow, "f", false, "go on as new lines come")
		f.StringVar(&c.logOptions.Since, "since", "", "only lines younger than this, such as 10m")
	}
	// Flags may stand on both sides of a verb's own argument.
	for rest := args; ; rest = f.Args()[1:] {
		if err := f.Parse(rest); err != nil {
			return err
		}
		if f.NArg() == 0 {
			break
		}
		c.rest = append(c.rest, f.Arg(0))
	}
	if c.plan.from != "" && c.plan.against != "" {
		return errors.New("--from and --against are two ways to say where the plan starts: choose one")
	}
	if c.jsonOut && c.plan.markdown {
		return errors.New("--json and --markdown are two forms of the same: choose one")
	}
	if most := map[string]int{"output": 1, "logs": 1, "rollout": 1}[v.name]; len(c.rest) > most {
		return fmt.Errorf("%s takes no argument %q", v.name, c.rest[most])
	}
	root, err := findRoot()
	if err != nil {
		return err
	}
	c.root = root
	return c.selectStack(c.stack)
}

// findRoot returns the folder of Pulumi.yaml: this one or the nearest above it, by the same name whichever links lead to it.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", fmt.Errorf("finding the project: %w", err)
	}
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "Pulumi.yaml")); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("no Pulumi.yaml in %s or above it", dir)
		}
	}
}

// isLocked tells that another run holds the stack. The SDK's own test knows no wrapped errors.
func isLocked(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if auto.IsConcurrentUpdateError(err) {
			return true
		}
	}
	return false
}

// explain says what to do next where the engine's own words don't.
func explain(err error, c *command) error {
	switch {
	case isLocked(err):
		return fmt.Errorf("another run holds stack %q. Wait for it; if it is gone, clear its lock with `pulumi cancel`", c.stack)
	case errors.Is(err, errReported):
		return errReported
	default:
		return err
	}
}
