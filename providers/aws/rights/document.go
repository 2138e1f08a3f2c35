package rights

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Document is a policy in IAM's language, as far as the documents of this package use it: no principals, and no policy variables.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
type Document struct {
	Version   string
	Statement []Statement
}

// Statement allows or denies actions on resources.
type Statement struct {
	Sid         string `json:",omitempty"`
	Effect      string
	Action      Texts                       `json:",omitempty"`
	NotAction   Texts                       `json:",omitempty"`
	Resource    Texts                       `json:",omitempty"`
	NotResource Texts                       `json:",omitempty"`
	Condition   map[string]map[string]Texts `json:",omitempty"` // operator, key, values
}

// Texts are one text or a list of them; IAM takes both.
type Texts []string

// UnmarshalJSON reads either form.
func (t *Texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = Texts{one}
		return nil
	}
	var all []string
	if err := json.Unmarshal(data, &all); err != nil {
		return fmt.Errorf("reading texts of a policy: %w", err)
	}
	*t = all
	return nil
}

// MarshalJSON writes one text as such.
func (t Texts) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// Parse reads a document. It fails on what this package can't evaluate: elements, operators and variables that it does not know.
func Parse(data []byte) (Document, error) {
	var d Document
	r := json.NewDecoder(strings.NewReader(string(data)))
	r.DisallowUnknownFields()
	if err := r.Decode(&d); err != nil {
		return d, fmt.Errorf("reading policy: %w", err)
	}
	if d.Version != "2012-10-17" {
		return d, fmt.Errorf("reading policy: version %q is not 2012-10-17", d.Version)
	}
	for _, s := range d.Statement {
		if err := s.check(); err != nil {
			return d, fmt.Errorf("reading policy: statement %q: %w", s.Sid, err)
		}
	}
	return d, nil
}

func (s Statement) check() error {
	switch {
	case s.Effect != allow && s.Effect != deny:
		return fmt.Errorf("the effect %q is neither Allow nor Deny", s.Effect)
	case (len(s.Action) == 0) == (len(s.NotAction) == 0):
		return fmt.Errorf("there must be either Action or NotAction")
	case (len(s.Resource) == 0) == (len(s.NotResource) == 0):
		return fmt.Errorf("there must be either Resource or NotResource")
	}
	for operator, keys := range s.Condition {
		if _, err := operatorOf(operator); err != nil {
			return err
		}
		for key, values := range keys {
			if len(values) == 0 {
				return fmt.Errorf("the condition on %s has no value", key)
			}
			for _, v := range values {
				if strings.Contains(v, "${") {
					return fmt.Errorf("the variable in %q can't be evaluated", v)
				}
			}
		}
	}
	for _, r := range append(append(Texts{}, s.Resource...), s.NotResource...) {
		if strings.Contains(r, "${") {
			return fmt.Errorf("the variable in %q can't be evaluated", r)
		}
	}
	return nil
}
