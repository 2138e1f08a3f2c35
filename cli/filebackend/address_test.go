package filebackend_test

import (
	"net/url"
	"testing"

	"github.com/slipway-iac/slipway/cli/filebackend"
)

// TestAddress: what Pulumi makes of an address, by parsing it as a URL, is the folder that was meant.
func TestAddress(t *testing.T) {
	for _, folder := range []string{"/home/me/shop", "/srv/c#1", "/srv/p%41x", "/srv/what?", "/my work/50 %", "/ä/+&=", "/a:b@c"} {
		address := filebackend.URL(folder)
		parsed, err := url.Parse(address)
		if err != nil || parsed.Path != folder || parsed.Host != "" {
			t.Errorf("%s: Pulumi reads %s as %q (%v)", folder, address, parsed.Path, err)
		}
		if back, ok := filebackend.Folder(address); !ok || back != folder {
			t.Errorf("%s: %s is read back as %q", folder, address, back)
		}
	}
}

func TestFolder(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	for address, want := range map[string]string{"file:///x?no_tmp_dir=true": "/x", "file://~/state": "/home/me/state", "file://~": "/home/me", "s3://bucket": "", "": ""} {
		if got, ok := filebackend.Folder(address); got != want || ok != (want != "") {
			t.Errorf("%s: got %q", address, got)
		}
	}
}
