package stacks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks/release"
)

// versions says which versions of the app run after this update, and which of them comes from the source at hand.
type versions struct {
	source  components.ImageArgs
	next    release.Release
	inPlace bool
	asked   bool // for a transition
}

// newVersions works out the next release from the last one, the source, and the transition that was asked for, if any.
func newVersions(root string, c Config, last release.Release, t *release.Transition) (versions, error) {
	source, err := appSource(root, c)
	if err != nil {
		return versions{}, err
	}
	v := versions{source: source, inPlace: c.Rollout.Strategy == StrategyRolling, asked: t != nil}
	now := time.Now().UTC().Truncate(time.Second)
	if t == nil {
		v.next = last.Deploy(source.Version, v.inPlace, now)
	} else if v.next, err = last.Next(*t, source.Version, now); err != nil {
		return versions{}, err
	}
	for _, o := range v.next.Slots {
		if o.Version == source.Version {
			return v, nil
		}
	}
	// The source is ahead of all that runs: it is not built before a rollout takes it.
	v.source.Built = v.next.Slots[v.next.Newest()].Image
	return v, nil
}

// behind tells the version that the source has if no slot runs it, in an update that nobody asked to move traffic.
func (v versions) behind() (string, bool) {
	return v.source.Version, v.source.Built != "" && !v.asked
}

// tracks are the slots to run, the one that was filled last at the end. What a release has once recorded runs unchanged, whatever
// becomes of the source; only in place does the live slot follow the image that the source makes.
func (v versions) tracks(app components.ImageRef) []components.Track {
	var out []components.Track
	for _, slot := range v.next.InOrder() {
		o := v.next.Slots[slot]
		image := components.ImageRef{StringOutput: pulumi.String(o.Image).ToStringOutput()}
		if o.Image == "" || v.inPlace && v.next.Rollout == nil && o.Version == v.source.Version {
			image = app
		}
		out = append(out, components.Track{Slot: slot, Image: image, Version: o.Version, Weight: o.Weight, Sequence: o.Sequence})
	}
	return out
}

// live is the track that traffic belongs to.
func (v versions) live(tracks []components.Track) components.Track {
	for _, t := range tracks {
		if t.Slot == v.next.Live {
			return t
		}
	}
	return components.Track{}
}

// whole is known when the service is ready and the resources of every track say that they run its version. It fails in an update that
// leaves some of them out: the traffic would else follow, and the release tell of what was not deployed. It fails in the preview already,
// since what is left out is known then. It is nil where the service tells neither.
func (v versions) whole(tracks []components.Track, s components.ServiceState) pulumi.Output {
	if len(s.Running) == 0 {
		return s.Ready
	}
	var waited []any
	var wanted []components.Track
	for _, t := range tracks {
		if r, ok := s.Running[t.Slot]; ok {
			waited, wanted = append(waited, r), append(wanted, t)
		}
	}
	if s.Ready != nil {
		waited = append(waited, s.Ready)
	}
	return pulumi.All(waited...).ApplyT(func(all []any) (string, error) {
		for i, t := range wanted {
			if now := all[i].(string); now != t.Version {
				return "", fmt.Errorf("this update leaves out a part of the app (--target or --exclude): slot %s runs version %s, and the source is version %s. A version is deployed as a whole or not at all: run the update without them; for everything but the app, put the source back to version %s first", t.Slot, now, t.Version, now)
			}
		}
		return "", nil
	})
}

// text is the output `release`. It is known when the images are and when all of ready is: what failed on the way never gets in.
func (v versions) text(tracks []components.Track, ready ...pulumi.Output) pulumi.StringOutput {
	var waited []any
	for _, t := range tracks {
		waited = append(waited, t.Image.StringOutput)
	}
	for _, r := range ready {
		if r != nil {
			waited = append(waited, r)
		}
	}
	return pulumi.All(waited...).ApplyT(func(all []any) (string, error) {
		done := v.next
		done.Slots = map[components.Slot]release.Occupant{}
		for i, t := range tracks {
			o := v.next.Slots[t.Slot]
			o.Image = all[i].(string)
			done.Slots[t.Slot] = o
		}
		return done.Text()
	}).(pulumi.StringOutput)
}

// SourceVersion is the version of the app that the source at hand, or the image that the configuration names, makes. root is the
// absolute path of Pulumi.yaml's folder. It fails if the source can't be read.
func SourceVersion(root string, c Config) (string, error) {
	source, err := appSource(root, c)
	return source.Version, err
}

// appSource is what the app is built from, or the ready-made image that the configuration names. The version is the content hash of
// the source, so it changes if and only if a new image is made.
func appSource(root string, c Config) (components.ImageArgs, error) {
	args := components.ImageArgs{Reference: c.App.Image, Dockerfile: c.App.Dockerfile}
	if c.App.Architecture != "native" {
		args.Platform = "linux/" + c.App.Architecture
	}
	if c.App.Image != "" {
		_, digest, byDigest := strings.Cut(c.App.Image, "@sha256:")
		if !byDigest {
			sum := sha256.Sum256([]byte(c.App.Image))
			digest = hex.EncodeToString(sum[:])
		}
		args.Version = digest[:min(12, len(digest))]
		return args, nil
	}
	var err error
	if args.Context, err = sourceFolder(root, c); err != nil {
		return args, err
	}
	covered := []string{args.Dockerfile, args.Platform}
	if args.Pull = c.App.Rebuild != ""; args.Pull {
		covered = append(covered, c.App.Rebuild)
	}
	source, err := components.ReadBuildContext(args.Context, args.Dockerfile, covered...)
	if err != nil {
		return args, fmt.Errorf("app.path: %w", err)
	}
	args.Version = source.Version
	if source.Ignore != nil {
		args.Dockerfile, err = withoutRepository(root, args.Context, c.App, source)
	}
	return args, err
}
