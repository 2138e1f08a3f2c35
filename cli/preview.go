package cli

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/cli/plan"
)

// errChanges says that a preview found changes where none were expected.
var errChanges = errors.New("there are changes, and none were expected")

// previewOptions are the flags of preview.
type previewOptions struct {
	// markdown prints the table of a pull request's comment instead of Pulumi's own words, which then go to stderr.
	markdown bool
	// refresh reads from the cloud what is really there, so that a change by other hands shows.
	refresh bool
	// none makes any change an error of its own exit code.
	none bool
}

// preview shows what up would change, in Pulumi's own words.
func preview(ctx context.Context, c *command) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	words := c.out
	if c.preview.markdown {
		words = c.err
	}
	found := plan.NewPreview()
	step := c.progress.Start("comparing stack " + s.Name + " with its configuration")
	defer step.Drop()
	out, errOut := &speaker{w: words, begins: step.Drop}, &speaker{w: c.err, begins: step.Drop}
	options := []optpreview.Option{optpreview.Diff(), optpreview.ProgressStreams(out), optpreview.ErrorProgressStreams(errOut), optpreview.EventStreams(found.Events), optpreview.Color("never")}
	if c.progress.Terminal() && !c.preview.markdown {
		options = append(options, optpreview.Color("always"))
	}
	if c.preview.refresh {
		more, err := s.refreshing(ctx)
		if err != nil {
			return err
		}
		options = append(options, more...)
	}
	result, err := s.auto.Preview(ctx, options...)
	if err != nil {
		if ctx.Err() != nil || isLocked(err) {
			return err
		}
		// What follows the first line repeats what the engine has printed.
		first, _, _ := strings.Cut(err.Error(), "\n")
		return errors.New(first)
	}
	if c.preview.markdown {
		if err := found.Report(s.Project, s.Name, string(s.Config.Cloud)).Markdown(c.out); err != nil {
			return err
		}
	}
	if c.preview.none && changed(result.ChangeSummary) {
		return errChanges
	}
	return nil
}

// refreshing asks for a refresh of everything but images in a registry: the token that was to read them has expired after half a
// day, and then they look deleted.
func (s *session) refreshing(ctx context.Context) ([]optpreview.Option, error) {
	resources, _, err := s.state(ctx)
	if err != nil {
		return nil, err
	}
	var images []string
	for _, r := range resources {
		if r.Type == "docker:index/registryImage:RegistryImage" {
			images = append(images, r.URN)
		}
	}
	options := []optpreview.Option{optpreview.Refresh()}
	if len(images) > 0 {
		options = append(options, optpreview.Exclude(images))
	}
	return options, nil
}

// changed tells whether a summary counts anything that is not as it was.
func changed(summary map[apitype.OpType]int) bool {
	for op, n := range summary {
		if n > 0 && op != apitype.OpSame && op != apitype.OpRead && op != apitype.OpRefresh {
			return true
		}
	}
	return false
}

// speaker is a writer that tells when the first words come, so that they don't land in a live line.
type speaker struct {
	w      io.Writer
	begins func()
}

func (s *speaker) Write(p []byte) (int, error) {
	s.begins()
	return s.w.Write(p)
}
