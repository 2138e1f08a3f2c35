package cli

import (
	"slices"
	"strings"
	"testing"
)

// previewed are the events of a preview that would replace the database and leave the rest.
const previewed = `{"resourcePreEvent":{"planning":true,"metadata":{"op":"same","urn":"urn:pulumi:local::slipway::slipway:aws:Platform$slipway:components:Database::database","type":"slipway:components:Database","old":{"type":"slipway:components:Database","urn":"urn:pulumi:local::slipway::slipway:aws:Platform$slipway:components:Database::database","parent":""},"new":{"type":"slipway:components:Database","urn":"urn:pulumi:local::slipway::slipway:aws:Platform$slipway:components:Database::database","parent":""}}}}
{"resourcePreEvent":{"planning":true,"metadata":{"op":"replace","urn":"urn:pulumi:local::slipway::slipway:aws:Platform$slipway:components:Database$aws:rds/instance:Instance::db","type":"aws:rds/instance:Instance","detailedDiff":{"kmsKeyId":{"diffKind":"update-replace"}},"old":{"custom":true,"type":"aws:rds/instance:Instance","urn":"urn:pulumi:local::slipway::slipway:aws:Platform$slipway:components:Database$aws:rds/instance:Instance::db","parent":"urn:pulumi:local::slipway::slipway:aws:Platform$slipway:components:Database::database","inputs":{"deletionProtection":true}},"new":{"custom":true,"type":"aws:rds/instance:Instance","urn":"urn:pulumi:local::slipway::slipway:aws:Platform$slipway:components:Database$aws:rds/instance:Instance::db","parent":"urn:pulumi:local::slipway::slipway:aws:Platform$slipway:components:Database::database","inputs":{"deletionProtection":true}}}}}
{"summaryEvent":{"resourceChanges":{"same":3,"replace":1}}}
`

func TestPreviewMarkdown(t *testing.T) {
	p := newProject(t)
	p.answer(t, "events.json", previewed)
	code, out, errOut := p.run(t, nil, "preview", "--markdown")
	if code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, errOut)
	}
	contains(t, out, "### Stack `local` (docker): preview", "| database |  |  | **1** |  |", "`kmsKeyId`", "deletionProtection", "changed nothing")
	if strings.Contains(out, "imulated") {
		t.Errorf("a preview is no simulation:\n%s", out)
	}
}

func TestPreviewExpectsNoChanges(t *testing.T) {
	for _, row := range []struct {
		name, events string
		code         int
	}{
		{"nothing", `{"summaryEvent":{"resourceChanges":{"same":7}}}`, exitOK},
		{"a replacement", previewed, exitChange},
	} {
		p := newProject(t)
		p.answer(t, "events.json", row.events+"\n")
		code, _, errOut := p.run(t, nil, "preview", "--expect-no-changes")
		if code != row.code {
			t.Errorf("%s: exit code %d, want %d:\n%s", row.name, code, row.code, errOut)
		}
	}
}

// A refresh leaves images in a registry out: their token has expired.
func TestPreviewRefreshes(t *testing.T) {
	p := newProject(t)
	const image = "urn:pulumi:local::slipway::docker:index/registryImage:RegistryImage::links-0123"
	p.answer(t, "export.json", `{"version":3,"deployment":{"resources":[{"urn":"`+image+`","type":"docker:index/registryImage:RegistryImage","custom":true}]}}`)
	p.answer(t, "events.json", `{"summaryEvent":{"resourceChanges":{"same":1}}}`+"\n")
	if code, _, errOut := p.run(t, nil, "preview", "--refresh"); code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, errOut)
	}
	calls := p.calls(t, "preview")
	if len(calls) != 1 || !slices.Contains(strings.Fields(calls[0]), "--refresh") || !strings.Contains(calls[0], "--exclude="+image) {
		t.Errorf("called: %q", calls)
	}
}
