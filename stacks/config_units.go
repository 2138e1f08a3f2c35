package stacks

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Secret is a text that must not be printed: every way of formatting it gives
// "[secret]". Hand Reveal's result to pulumi.ToSecret and to nothing else.
type Secret string

const hidden = "[secret]"

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the text.
func (s Secret) String() string { return hidden }

// Format hides the text from every verb, %d among them.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalJSON hides the text from encoders.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(hidden) }

// Quantity is an amount of memory or storage in bytes, written the way
// Kubernetes does: a whole number and one of the units Ki, Mi, Gi, Ti.
type Quantity int64

// The units of a Quantity.
const (
	Ki Quantity = 1 << 10
	Mi Quantity = 1 << 20
	Gi Quantity = 1 << 30
	Ti Quantity = 1 << 40
)

var quantityUnits = []struct {
	suffix string
	size   Quantity
}{
	{"Ti", Ti}, {"Gi", Gi}, {"Mi", Mi}, {"Ki", Ki},
}

// Bytes returns the amount in bytes.
func (q Quantity) Bytes() int64 { return int64(q) }

// MiB returns the amount in whole mebibytes, rounded up.
func (q Quantity) MiB() int { return int((q + Mi - 1) / Mi) }

// GiB returns the amount in whole gibibytes, rounded up.
func (q Quantity) GiB() int { return int((q + Gi - 1) / Gi) }

// String writes the amount in the largest unit that divides it.
func (q Quantity) String() string {
	for _, u := range quantityUnits {
		if q != 0 && q%u.size == 0 {
			return strconv.FormatInt(int64(q/u.size), 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(q), 10)
}

// ParseQuantity reads a text such as 512Mi or 20Gi. Anything else is an error,
// "1GB" and "1.5Gi" among it: one spelling keeps stack files comparable. 0 needs
// no unit.
func ParseQuantity(s string) (Quantity, error) {
	if s == "0" {
		return 0, nil
	}
	for _, u := range quantityUnits {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 63)
		if err != nil || n > uint64(math.MaxInt64/u.size) {
			break
		}
		return Quantity(n) * u.size, nil
	}
	return 0, fmt.Errorf("not a quantity such as 512Mi or 20Gi")
}
