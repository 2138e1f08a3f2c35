package toolchain

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// release serves a CLI release whose command, when told to install a plugin, puts it into home.
func release(t *testing.T, home, sum string) *httptest.Server {
	t.Helper()
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = plugin ] || exit 0\n[ \"$4\" = docker ] || { echo no such plugin >&2; exit 1; }\n"+
		"mkdir -p %[1]s && : > %[1]s/pulumi-resource-$4 && chmod +x %[1]s/pulumi-resource-$4\n", filepath.Join(home, "plugins", "resource-docker-v4.10.0"))
	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	entries := tar.NewWriter(zipped)
	for name, text := range map[string]string{"pulumi/pulumi": script, "pulumi/pulumi-language-go": "x"} {
		if err := entries.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := entries.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(entries.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	name := archiveName("3.259.0", runtime.GOOS, runtime.GOARCH)
	if sum == "" {
		sum = fmt.Sprintf("%x", sha256.Sum256(archive.Bytes()))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/", "":
		case "/" + name:
			_, _ = w.Write(archive.Bytes())
		case "/v3.259.0/pulumi-3.259.0-checksums.txt":
			_, _ = fmt.Fprintf(w, "%064d  another.tar.gz\n%s  %s\n", 0, sum, name)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func (f *fixture) serve(server *httptest.Server) {
	f.archives, f.checksums, f.client = server.URL, server.URL, server.Client()
}

func TestDownload(t *testing.T) {
	f := newFixture(t, "")
	f.serve(release(t, f.pulumiHome, ""))
	tools, err := f.ensure(t.Context(), testNeeds)
	if err != nil {
		t.Fatal(err)
	}
	if f.builds.Load() != 0 || tools.built || tools.home != "" {
		t.Errorf("built although the download works: %+v", tools)
	}
	for _, name := range []string{"pulumi", "pulumi-language-go"} {
		if !isProgram(filepath.Join(tools.PulumiRoot(), "bin", name)) {
			t.Errorf("the release's %s isn't in %s", name, tools.PulumiRoot())
		}
	}
	// The doctor finds what was downloaded, and up doesn't get it again.
	for _, need := range testNeeds {
		if got := f.checkProgram(t.Context(), need.program); got.Status != OK || got.Fix != "" {
			t.Errorf("after the download: %+v", got)
		}
	}
	f.archives = nowhere
	if again, err := f.ensure(t.Context(), testNeeds); err != nil || again.Pulumi != tools.Pulumi {
		t.Errorf("the next run takes %+v, %v", again, err)
	}
}

func TestChecksumMismatchIsRefused(t *testing.T) {
	f := newFixture(t, "")
	f.serve(release(t, f.pulumiHome, strings.Repeat("0", 64)))
	_, err := f.ensure(t.Context(), testNeeds)
	if !errors.Is(err, errChecksum) {
		t.Fatalf("got %v, want a checksum mismatch", err)
	}
	if left, _ := filepath.Glob(filepath.Join(f.cache, "tools", "*")); len(left) != 0 || f.builds.Load() != 0 {
		t.Errorf("left behind %v, built %d times", left, f.builds.Load())
	}
}

func TestDownloadFallsBack(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"no such release":   func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) },
		"a gateway's error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"a line that is lost": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			if r.Method == http.MethodGet {
				<-r.Context().Done()
			}
		},
		"no checksum in there": func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "abc  other.tar.gz") },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "")
			server := httptest.NewServer(handler)
			defer server.Close()
			f.serve(server)
			if _, err := f.ensure(t.Context(), testNeeds); err != nil {
				t.Fatal(err)
			}
			if f.builds.Load() != 3 {
				t.Errorf("%d builds, want 3", f.builds.Load())
			}
		})
	}
}

func TestPluginThatCanOnlyBeDownloaded(t *testing.T) {
	f := newFixture(t, "")
	f.serve(release(t, f.pulumiHome, ""))
	only := program{name: "aws plugin", plugin: "aws", version: "6.83.0", oldest: "6.0.0"}
	_, err := f.ensure(t.Context(), []Need{{testCLI}, {only}})
	if err == nil || !strings.Contains(err.Error(), "can only be downloaded") || !strings.Contains(err.Error(), "no such plugin") {
		t.Errorf("got %v", err)
	}
}

func TestUnzip(t *testing.T) {
	file := filepath.Join(t.TempDir(), "release.zip")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	entries := zip.NewWriter(out)
	for _, name := range []string{"pulumi/", "pulumi/bin/pulumi.exe", "../../escape.exe"} {
		w, err := entries.Create(name)
		if err == nil && !strings.HasSuffix(name, "/") {
			_, err = w.Write([]byte("x"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(entries.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "bin")
	if err := unpack(file, dir); err != nil {
		t.Fatal(err)
	}
	// Nothing is written outside of the folder.
	for _, name := range []string{"pulumi.exe", "escape.exe"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestArchiveNames(t *testing.T) {
	for _, c := range []struct{ goos, goarch, want string }{
		{"linux", "amd64", "pulumi-v3.259.0-linux-x64.tar.gz"},
		{"darwin", "arm64", "pulumi-v3.259.0-darwin-arm64.tar.gz"},
		{"windows", "amd64", "pulumi-v3.259.0-windows-x64.zip"},
	} {
		if got := archiveName("3.259.0", c.goos, c.goarch); got != c.want {
			t.Errorf("%s/%s: %s, want %s", c.goos, c.goarch, got, c.want)
		}
	}
}
