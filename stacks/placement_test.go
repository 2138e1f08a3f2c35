package stacks

import (
	"strings"
	"testing"
)

func TestPlacement(t *testing.T) {
	was := Placement{Project: "slipway", Stack: "dev", App: "links", Cloud: CloudAWS, Region: "us-east-1", Account: "123456789012", Data: true, Settings: "a"}
	for _, row := range []struct {
		name   string
		change func(was, next *Placement)
		want   []string // none: it may go on
	}{
		{"nothing", func(_, _ *Placement) {}, nil},
		{"other settings", func(_, next *Placement) { next.Settings = "b" }, nil},
		{"region", func(_, next *Placement) { next.Region = "eu-west-1" }, []string{"region was us-east-1 and is now eu-west-1", "destroy -s dev --delete-data"}},
		{"region of a stack without data", func(was, next *Placement) { was.Data, next.Region = false, "eu-west-1" }, nil},
		{"account", func(_, next *Placement) { next.Account = "210987654321" }, []string{"account"}},
		{"account said for the first time", func(was, _ *Placement) { was.Account = "" }, nil},
		{"app", func(_, next *Placement) { next.App = "shop" }, []string{"app.name was links and is now shop"}},
		{"stack renamed", func(_, next *Placement) { next.Stack = "test" }, []string{"pulumi stack rename dev"}},
		{"project renamed", func(_, next *Placement) { next.Project = "shop" }, []string{"Pulumi.yaml"}},
		{"never up", func(was, next *Placement) { *was = Placement{}; next.App = "shop" }, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			before, next := was, was
			row.change(&before, &next)
			text, err := before.text()
			if err != nil {
				t.Fatal(err)
			}
			read, err := ParsePlacement(text)
			if err != nil {
				t.Fatal(err)
			}
			err = read.Leaves(next)
			if (err == nil) != (len(row.want) == 0) {
				t.Fatalf("got %v, want %q", err, row.want)
			}
			for _, part := range row.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in %q", part, err)
				}
			}
		})
	}
	if _, err := ParsePlacement("nonsense"); err == nil {
		t.Error("nonsense is read")
	}
}

// With the same settings, an update brings another version of the app and no more.
func TestSettings(t *testing.T) {
	base := Config{Region: "us-east-1", Secrets: map[string]Secret{"TOKEN": "one"}}
	same := func(change func(*Config)) bool {
		c := base
		c.Secrets = map[string]Secret{"TOKEN": "one"}
		change(&c)
		return settingsOf(c) == settingsOf(base)
	}
	if !same(func(*Config) {}) || settingsOf(base) == "" {
		t.Error("the same settings differ")
	}
	if !same(func(c *Config) { c.App.Image = "other" }) || !same(func(c *Config) { c.Secrets["TOKEN"] = "two" }) {
		t.Error("a version or the value of a secret counts")
	}
	if same(func(c *Config) { c.Edge.CDN = []string{"/static/"} }) || same(func(c *Config) { delete(c.Secrets, "TOKEN") }) {
		t.Error("other settings are the same")
	}
}
