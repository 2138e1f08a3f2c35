package simulate

import (
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Refusal is what a cloud would not do.
type Refusal struct {
	// URN is the resource that it is about.
	URN resource.URN
	// Says tells why.
	Says string
	// Protection says that the resource is protected from deletion, which its inputs tell too.
	Protection bool
}

// refuse ends a request with an error, or, where the options say so, notes it and lets it happen.
func (c *Cloud) refuse(urn resource.URN, err error, protection bool) error {
	if err == nil || !c.options.Yield {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusals = append(c.refusals, Refusal{URN: urn, Says: err.Error(), Protection: protection})
	return nil
}

// Refusals are what the clouds would have refused since the last call, had they not been told to yield.
func (c *Cloud) Refusals() []Refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.refusals
	c.refusals = nil
	return out
}

// Adopt lets the clouds know what a state has: nothing else is there.
func (c *Cloud) Adopt(d *apitype.DeploymentV3) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.live)
	clear(c.said)
	for _, r := range d.Resources {
		if r.Custom && !r.External {
			c.live[string(r.URN)+" "+string(r.ID)] = thing{urn: r.URN, id: string(r.ID), inputs: plainInputs(r.Inputs), outputs: plainInputs(r.Outputs)}
		}
	}
}

// made checks what a cloud would refuse to make.
func (c *Cloud) made(t thing) error { return c.refuse(t.urn, clash(t, c.things()), false) }

// changed checks what a cloud would refuse to change.
func (c *Cloud) changed(before, after thing) error {
	return c.refuse(after.urn, illegal(before, after, c.things()), false)
}

// gone checks what a cloud would refuse to delete.
func (c *Cloud) gone(t thing) error {
	if err := c.refuse(t.urn, protected(t), true); err != nil {
		return err
	}
	return c.refuse(t.urn, c.inUse(t), false)
}
