package plugins

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

// Failure is an input that a provider refuses.
type Failure struct {
	// Property is the path of the input; empty where the provider does not tell.
	Property string
	// Reason is in the provider's words.
	Reason string
}

// Answer is what a provider says of the inputs of one resource.
type Answer struct {
	// Inputs are the checked ones: with the provider's defaults. They are there if nothing else is.
	Inputs resource.PropertyMap
	// State is what a preview of the creation gives, with unknowns; nil where the provider makes no previews, or none without the network.
	State resource.PropertyMap
	// Unpreviewed is why there is no preview, if the provider makes any.
	Unpreviewed string
	// Failures are what is refused.
	Failures []Failure
	// Silence is why there is no answer, or nothing.
	Silence string

	done chan struct{}
}

// Wait waits for the answer.
func (a *Answer) Wait() *Answer { <-a.done; return a }

// Check asks, in the background, whether the inputs of a resource are right, and notes the answer for the verdict. olds are the checked
// inputs before, or nil. Where the provider makes up a value that the program does not give, that of settle is taken: providers name
// resources at random.
func (i *Instance) Check(urn resource.URN, olds, news, settle resource.PropertyMap) *Answer {
	a := i.Ask(urn, olds, news, settle)
	i.pool.open.Go(func() { i.pool.record.checked(i, urn, a.Wait()) })
	return a
}

// Ask is Check for inputs that are not to be deployed, such as those of a state that is compared. The same question is asked once.
func (i *Instance) Ask(urn resource.URN, olds, news, settle resource.PropertyMap) *Answer {
	key := string(urn) + " " + digest(olds, news, settle)
	i.mu.Lock()
	defer i.mu.Unlock()
	if a, ok := i.answers[key]; ok {
		return a
	}
	a := &Answer{done: make(chan struct{})}
	i.answers[key] = a
	i.pool.open.Go(func() {
		defer close(a.done)
		i.check(a, urn, olds, news, settle)
	})
	return a
}

func (i *Instance) check(a *Answer, urn resource.URN, olds, news, settle resource.PropertyMap) {
	var checked *pulumirpc.CheckResponse
	oldStruct, newStruct, err := i.pair(olds, news)
	if err != nil {
		a.Silence = err.Error()
		return
	}
	seed := sha256.Sum256([]byte(urn))
	refused, silence := i.call(func(ctx context.Context) (err error) {
		checked, err = i.client.Check(ctx, &pulumirpc.CheckRequest{
			Urn: string(urn), Name: urn.Name(), Type: string(urn.Type()), Olds: oldStruct, News: newStruct, RandomSeed: seed[:],
		})
		return err
	})
	switch {
	case silence != "":
		a.Silence = silence
		return
	case refused != "":
		a.Failures = []Failure{failure("", refused)}
		return
	}
	for _, f := range checked.GetFailures() {
		if offlineErrors.MatchString(f.GetReason()) {
			a.Silence = i.wanted()
			return
		}
		a.Failures = append(a.Failures, failure(f.GetProperty(), f.GetReason()))
	}
	if len(a.Failures) > 0 {
		return
	}
	if a.Inputs, err = i.read(checked.GetInputs()); err != nil {
		a.Silence = err.Error()
		return
	}
	for key, v := range settle {
		if _, given := news[key]; !given {
			if _, made := a.Inputs[key]; made {
				a.Inputs[key] = v
			}
		}
	}
	i.preview(a, urn)
}

// preview asks what a creation would give. Some of what a provider refuses it finds only then.
func (i *Instance) preview(a *Answer, urn resource.URN) {
	if !i.abilities.GetSupportsPreview() {
		return
	}
	inputs, err := i.wire(a.Inputs)
	if err != nil {
		a.Silence = err.Error()
		return
	}
	var made *pulumirpc.CreateResponse
	refused, silence := i.call(func(ctx context.Context) (err error) {
		made, err = i.client.Create(ctx, &pulumirpc.CreateRequest{Urn: string(urn), Name: urn.Name(), Type: string(urn.Type()), Properties: inputs, Preview: true})
		return err
	})
	switch {
	case silence != "": // the inputs have been checked all the same
		a.Unpreviewed = silence
	case refused != "":
		a.Failures = []Failure{failure("", refused)}
	default:
		if a.State, err = i.read(made.GetProperties()); err != nil {
			a.State = nil
		}
	}
}

func (i *Instance) pair(olds, news resource.PropertyMap) (o, n *structpb.Struct, err error) {
	<-i.ready
	if reason := i.unasked(); reason != "" {
		return nil, nil, fmt.Errorf("%s", reason)
	}
	if olds != nil {
		if o, err = i.wire(olds); err != nil {
			return nil, nil, err
		}
	}
	n, err = i.wire(news)
	return o, n, err
}

// Change is what a provider is asked about a resource that exists.
type Change struct {
	URN resource.URN
	ID  string
	// State are the outputs, Olds and News the checked inputs.
	State, Olds, News resource.PropertyMap
	// Ignore are the paths of inputs whose changes do not count.
	Ignore []string
}

// Diff asks what a change of inputs does. Where there is no answer the second value says why.
func (i *Instance) Diff(c Change) (*pulumirpc.DiffResponse, string) {
	olds, news, err := i.pair(c.Olds, c.News)
	if err != nil {
		return nil, err.Error()
	}
	state, err := i.wire(c.State)
	if err != nil {
		return nil, err.Error()
	}
	var out *pulumirpc.DiffResponse
	refused, silence := i.call(func(ctx context.Context) (err error) {
		out, err = i.client.Diff(ctx, &pulumirpc.DiffRequest{
			Id: c.ID, Urn: string(c.URN), Name: c.URN.Name(), Type: string(c.URN.Type()), Olds: state, OldInputs: olds, News: news, IgnoreChanges: c.Ignore,
		})
		return err
	})
	if silence == "" && refused != "" {
		silence = refused
	}
	return out, silence
}

// call makes one call within its bound. An error of the provider's own is what it refuses; all else is a silence, with its reason.
func (i *Instance) call(do func(context.Context) error) (refused, silence string) {
	i.slots <- struct{}{}
	defer func() { <-i.slots }()
	if reason := i.unasked(); reason != "" {
		return "", reason
	}
	ctx, cancel := context.WithTimeout(i.pool.ctx, i.pool.limits.Call)
	defer cancel()
	before := i.network.count()
	err := do(ctx)
	code := status.Code(err)
	switch {
	case err == nil:
		return "", ""
	case i.pool.ctx.Err() != nil:
		return "", "the plan ended before it answered"
	case code == codes.Unavailable && i.process.ended():
		i.end("it ended" + i.process.said.why())
		return "", i.unasked()
	case ctx.Err() != nil || code == codes.DeadlineExceeded:
		reason := fmt.Sprintf("no answer within %s", i.pool.limits.Call)
		if i.network.count() > before {
			reason = i.wanted()
		}
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.late++; i.late >= i.pool.limits.Late && i.gone == "" {
			i.gone = reason + fmt.Sprintf(", %d times: it was not asked any more", i.late)
		}
		return "", reason
	case code == codes.Unimplemented:
		return "", "it does not answer that"
	case code == codes.Unavailable: // of what it has started itself
		return "", "it can't answer: " + words(err)
	case i.network.count() > before || offlineErrors.MatchString(err.Error()):
		return "", i.wanted()
	}
	return words(err), ""
}

// wanted is the silence of a provider that can't answer without the network.
func (i *Instance) wanted() string { return "it wants the network" + i.hosts() }

// named are how providers without a property of their own in a failure name it in words: the bridge after the resource's name, Azure
// first or after "property".
var named = []*regexp.Regexp{
	regexp.MustCompile(`Examine values at '[^'.]+\.([^']+)'`), regexp.MustCompile(`^'([^']+)' (?:should|is|does|must)\b`), regexp.MustCompile(`required property '([^']+)'`),
}

func failure(property, reason string) Failure {
	f := Failure{Property: property, Reason: strings.Join(strings.Fields(reason), " ")}
	for _, pattern := range named {
		if m := pattern.FindStringSubmatch(reason); f.Property == "" && m != nil {
			f.Property = m[1]
		}
	}
	return f
}
