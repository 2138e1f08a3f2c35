package stacks

import (
	"cmp"
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"
)

// leaf decodes a scalar. Pulumi hands scalars over as strings or typed, depending
// on how they were set; both are taken.
func (d *decoder) leaf(path string, v any, dst reflect.Value, f field) {
	text, ok := plain(v)
	if !ok {
		d.wrong(path, v, "wrong type", kindName(dst.Type(), f), "")
		return
	}
	n, ok := parseLeaf(text, dst, f)
	if !ok {
		d.wrong(path, v, "not "+kindName(dst.Type(), f), rangeText(f), "")
		return
	}
	if len(f.enum) > 0 && !slices.Contains(f.enum, text) {
		d.wrong(path, v, "not one of the allowed values", list(f.enum), nearestValue(text, n, dst, f))
		return
	}
	if f.pattern != "" && !regexp.MustCompile(f.pattern).MatchString(text) {
		d.wrong(path, v, "not "+f.hint, "", punycode(text))
		return
	}
	if !within(n, dst.Type(), f) {
		d.wrong(path, v, "out of range", rangeText(f), "")
	}
}

// punycode is how DNS and certificates write a host name of other letters than ASCII's, or nothing if text is none.
// https://www.rfc-editor.org/rfc/rfc5891
func punycode(text string) string {
	ascii, err := idna.Lookup.ToASCII(text)
	if err != nil || !strings.Contains(ascii, "xn--") || !strings.Contains(ascii, ".") {
		return ""
	}
	return ascii
}

// nearestValue is the closest number, or the closest spelling.
func nearestValue(text string, n float64, dst reflect.Value, f field) string {
	if dst.Kind() != reflect.Int {
		return nearest(text, f.enum)
	}
	return slices.MinFunc(f.enum, func(a, b string) int {
		return cmp.Compare(math.Abs(bound(a, dst.Type())-n), math.Abs(bound(b, dst.Type())-n))
	})
}

// plain writes a JSON scalar as text.
func plain(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// parseLeaf sets dst from text and returns its number, if it has one.
func parseLeaf(text string, dst reflect.Value, f field) (float64, bool) {
	switch {
	case dst.Type() == durationType:
		n, err := time.ParseDuration(text)
		dst.SetInt(int64(n))
		return float64(n), err == nil
	case dst.Type() == quantityType:
		n, err := ParseQuantity(text)
		dst.SetInt(int64(n))
		return float64(n), err == nil
	}
	switch dst.Kind() {
	case reflect.String:
		dst.SetString(text)
		return 0, true
	case reflect.Bool:
		dst.SetBool(text == "true")
		return 0, text == "true" || text == "false"
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, false
	}
	if dst.Kind() == reflect.Float64 {
		dst.SetFloat(n)
		return n, true
	}
	dst.SetInt(int64(n))
	return n, n == math.Trunc(n) && math.Abs(n) < 1<<53
}

func within(n float64, t reflect.Type, f field) bool {
	return (f.min == "" || n >= bound(f.min, t)) && (f.max == "" || n <= bound(f.max, t))
}

// bound reads a min or max tag in the unit of the field.
func bound(text string, t reflect.Type) float64 {
	n, _ := parseLeaf(text, reflect.New(t).Elem(), field{})
	return n
}

func rangeText(f field) string {
	if f.min == "" || len(f.enum) > 0 {
		return list(f.enum)
	}
	return f.min + " to " + f.max
}

// kindName says what a scalar must be.
func kindName(t reflect.Type, f field) string {
	switch {
	case t == durationType:
		return "a duration such as 90s or 10m"
	case t == quantityType:
		return "a quantity such as 512Mi or 20Gi"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Float64:
		return "a number"
	}
	return "a whole number"
}
