// Package components holds the cloud-neutral parts of a Slipway stack.
//
// A component is a Pulumi ComponentResource with validation, defaults and outputs. It creates no cloud resource itself: a
// driver, one per cloud, does (package providers/<cloud>). Components are linked by opaque references (SecretRef, ImageRef,
// Scope), so no component knows which cloud it runs on.
package components

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Platform is one cloud: every driver, and the Pulumi component that is the parent of all that is shared by the stack (the
// explicit provider and the private network).
type Platform interface {
	pulumi.Resource
	ImageDriver
	ServiceDriver
	DatabaseDriver
	CacheDriver
	CertificateDriver
	SecretDriver
	AlarmDriver
	DashboardDriver
	EdgeDriver
}

// LabelData is the label, "true", of what users have stored something in where the state shows labels: it is not deleted along with the
// stack unless that is asked for.
const LabelData = "dev.slipway.data"

// Slot names one of the two places a version of the app can run in. Which of them takes traffic is a matter of weights.
type Slot string

// The two slots of a service.
const (
	Blue  Slot = "blue"
	Green Slot = "green"
)

// SlotHeader and SlotKeyHeader are the request headers that reach one slot through the front door, past the weights: the slot's
// name and the secret EdgeState.SlotKey. Without the right key they have no effect.
const (
	SlotHeader    = "X-Slipway-Slot"
	SlotKeyHeader = "X-Slipway-Key"
)

// Scope says which resources a signal is read from, in the terms of the driver that made it: dimensions on AWS, a network
// name on Docker. Only the driver that filled it reads it.
type Scope map[string]pulumi.StringOutput

// Map is the scope as an output of the stack.
func (s Scope) Map() pulumi.StringMap {
	out := pulumi.StringMap{}
	for key, value := range s {
		out[key] = value
	}
	return out
}

// Scopes holds one Scope for each kind of resource a signal can be read from. A nil Scope means that the stack has no such
// resource; signals from that source are left out.
type Scopes struct {
	Service  Scope
	Database Scope
	Cache    Scope
	Edge     Scope
}

// ErrUnsupported is wrapped by every error that says a cloud cannot do what a configuration key asks for.
var ErrUnsupported = errors.New("not supported")

// Unsupported returns an error for a configuration key that a cloud cannot honour. It wraps ErrUnsupported and is returned
// while the program runs, so the preview already fails.
func Unsupported(cloud, key, why string) error {
	return fmt.Errorf("%s: %w on %s: %s", key, ErrUnsupported, cloud, why)
}
