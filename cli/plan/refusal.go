package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/slipway-iac/slipway/cli/simulate"
)

// Reason is why an update must not begin.
type Reason string

// The reasons, from the one that nothing lifts to the one that a person may accept.
const (
	// Moved: the stack would leave the place where its data is.
	Moved Reason = "moved"
	// CloudRefuses: the update would end in its middle, because the cloud does not do that.
	CloudRefuses Reason = "cloud refuses"
	// Protected: the update would end in its middle, because what would be deleted is protected from deletion.
	Protected Reason = "protected"
	// LosesData: what users have stored would be gone.
	LosesData Reason = "loses data"
	// StopsTraffic: requests would fail for some time, or an address would be gone for good.
	StopsTraffic Reason = "stops traffic"
)

// Refusal is one resource for whose sake an update must not begin.
type Refusal struct {
	// Component, Type, Name and URN are those of the resource; empty for the stack as a whole.
	Component string `json:"component,omitempty"`
	Type      string `json:"type,omitempty"`
	Name      string `json:"name,omitempty"`
	URN       string `json:"urn,omitempty"`
	// Reason says why.
	Reason Reason `json:"reason"`
	// Says is the whole in a sentence.
	Says string `json:"says"`
	// Do is what to do instead, or first.
	Do string `json:"do"`
}

// Consent are the names of what a person wants to be replaced or deleted in spite of data or traffic: those of resources, or of components
// as in the table of a plan.
type Consent []string

func (c Consent) covers(r Resource) bool {
	return slices.Contains(c, r.Name) || slices.Contains(c, r.Component)
}

// Unknown are the names that nothing which would be replaced or deleted has: misspelled, or done already.
func (c Consent) Unknown(changes []Change) []string {
	return slices.DeleteFunc(slices.Clone(c), func(name string) bool {
		return slices.ContainsFunc(changes, func(one Change) bool {
			return one.Destroys() && Consent{name}.covers(one.Resource)
		})
	})
}

// Destroys tells whether the resource that is there would not be there afterwards.
func (c Change) Destroys() bool { return c.Action == Replaced || c.Action == Deleted }

// refusals lists why an update with these changes must not begin: data, protection, traffic, and what the clouds have said.
func refusals(changes []Change, clouds []simulate.Refusal, idle func(Change) bool, consent Consent) []Refusal {
	var out []Refusal
	moves := map[tokens.PackageName]bool{}
	for _, c := range changes {
		if name, ok := strings.CutPrefix(c.Type, "pulumi:providers:"); ok && c.Action == Replaced {
			moves[tokens.PackageName(name)] = true
		}
		if reason, ok := c.refused(idle); ok && (reason == Protected && !c.liftable() || !consent.covers(c.Resource)) {
			out = append(out, c.refusal(reason))
		}
	}
	for _, said := range clouds {
		if said.Protection || moves[said.URN.Type().Package().Name()] {
			continue // told above, with the input; and in another region or project nothing is in the way
		}
		r := Refusal{Reason: CloudRefuses, URN: string(said.URN), Name: said.URN.Name(), Type: string(said.URN.Type()), Says: strings.TrimPrefix(said.Says, "simulated cloud: "), Do: "Choose a value that the cloud can change to; docs/plan.md#transitions has the known ways around"}
		if i := slices.IndexFunc(changes, func(c Change) bool { return c.URN == r.URN }); i >= 0 {
			r.Component = changes[i].Component
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(slices.Index(reasons, a.Reason), slices.Index(reasons, b.Reason)), cmp.Compare(a.Component, b.Component), cmp.Compare(a.Name, b.Name))
	})
	return out
}

var reasons = []Reason{Moved, CloudRefuses, Protected, LosesData, StopsTraffic}

// refused tells why a change must not happen by itself.
func (c Change) refused(idle func(Change) bool) (Reason, bool) {
	switch {
	case !c.Destroys():
		return "", false
	case c.Protection != "":
		return Protected, true
	case c.DataStore == "secret":
		// Its value stands in the configuration, or follows from a database that is refused by itself. But what runs reads it.
		return StopsTraffic, c.Action == Replaced && c.OldFirst
	case c.DataStore != "":
		return LosesData, true
	case c.Serves != "" && !idle(c):
		return StopsTraffic, true
	}
	return "", false
}

// refusal says it to people.
func (c Change) refusal(reason Reason) Refusal {
	r := Refusal{Component: c.Component, Type: c.Type, Name: c.Name, URN: c.URN, Reason: reason}
	word := cmp.Or(c.DataStore, c.Serves, c.kind())
	r.Says = fmt.Sprintf("%s %s would be %s%s", word, c.Name, c.Action, because(c))
	switch reason {
	case Protected:
		r.Says += ", and is protected from deletion (" + c.Protection + ")"
		r.Do = "Undo the change that leads to it. " + lift(c)
	case LosesData:
		r.Says += ", with what it holds"
		r.Do = "Undo the change that leads to it, or save the data, and say that it may go: --replace " + quoted(c.Name)
	case StopsTraffic:
		r.Says += ", and requests go through it"
		r.Do = "Undo the change that leads to it, or accept an outage: --replace " + quoted(c.Name)
	}
	return r
}

func quoted(name string) string {
	if strings.ContainsAny(name, " $&;()*?'\"\\") {
		return "'" + name + "'"
	}
	return name
}

// because names the inputs that force it.
func because(c Change) string {
	if c.Action != Replaced || len(c.Forcing) == 0 {
		return ""
	}
	return strings.Replace(c.why(func(s string) string { return s }), ": can't change in place: ", " (can't change in place: ", 1) + ")"
}

// liftable tells of a protection that no key of the configuration lifts: a person lifts it in the cloud, and the state does not know.
func (c Change) liftable() bool { return c.Type == "aws:lb/loadBalancer:LoadBalancer" }

// lift tells how a protection goes, which takes an update or a request of its own, before.
func lift(c Change) string {
	switch {
	case c.Protection == "protect":
		return "Where it must go, take Pulumi's protection off first: pulumi state unprotect " + quoted(c.URN)
	case c.liftable():
		return "Where it must go, turn its protection off by hand (aws elbv2 modify-load-balancer-attributes --attributes Key=deletion_protection.enabled,Value=false --load-balancer-arn …), and accept an outage: --replace " + quoted(c.Name)
	}
	return "Where it must go, turn its protection off first, with an update that changes nothing else (-c database.deletionProtection=false, in prod with -c allow.database-deletion-protection=REASON)"
}

// idleSlot tells of a resource that is one slot's alone, by the end of its name, whether that slot takes no traffic. live are the slots
// that do; none are known where there is no release.
func idleSlot(live []string) func(Change) bool {
	return func(c Change) bool {
		if len(live) == 0 || c.Type != "aws:ecs/service:Service" || c.Action != Deleted {
			return false
		}
		return !slices.ContainsFunc(live, func(slot string) bool { return strings.HasSuffix(resource.URN(c.URN).Name(), "-"+slot) })
	}
}
