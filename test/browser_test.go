package e2e

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var browsers = []string{"chromium", "chromium-browser", "google-chrome"}

func requireBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("the end-to-end tests drive the page in a browser, and none of %s is on PATH: apt-get install chromium", strings.Join(browsers, ", "))
	return ""
}

// browser is a tab of a headless Chromium, and what its console has complained about.
type browser struct {
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// openBrowser starts Chromium. It accepts the certificates that the given sites show now, by their keys, and no others.
func openBrowser(t *testing.T, sites ...*site) *browser {
	t.Helper()
	var keys []string
	for _, s := range sites {
		c, err := tls.Dial("tcp", strings.TrimPrefix(s.url, "https://"), &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12})
		must(t, err)
		sum := sha256.Sum256(c.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
		keys = append(keys, base64.StdEncoding.EncodeToString(sum[:]))
		c.Close()
	}
	// Not t.TempDir: the browser's last processes may still write there when the test has ended.
	profile, err := os.MkdirTemp("", "slipway-browser-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(profile) })
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(requireBrowser(t)), chromedp.WindowSize(1280, 900),
		chromedp.Flag("ignore-certificate-errors-spki-list", strings.Join(keys, ",")), chromedp.UserDataDir(profile), chromedp.WSURLReadTimeout(time.Minute))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // its sandbox refuses root
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	b := &browser{}
	b.ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	chromedp.ListenTarget(b.ctx, b.listen)
	must(t, chromedp.Run(b.ctx, log.Enable()))
	return b
}

// listen notes exceptions, console errors, and what the browser itself logs: blocked by the content security policy, not loaded.
func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, "exception: "+e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning || e.Type == runtime.APITypeAssert {
			b.complaints = append(b.complaints, fmt.Sprintf("console %s: %v", e.Type, e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			b.complaints = append(b.complaints, fmt.Sprintf("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	}
}

// run does the actions and saves a screenshot, also of a failure.
func (b *browser) run(t *testing.T, name string, actions ...chromedp.Action) {
	t.Helper()
	err := chromedp.Run(b.ctx, actions...)
	var picture []byte
	if shot := chromedp.Run(b.ctx, chromedp.FullScreenshot(&picture, 90)); shot == nil {
		must(t, os.WriteFile(filepath.Join(t.TempDir(), name+".jpeg"), picture, 0o644))
		keep(t, name+".jpeg", picture)
	} else if err == nil {
		t.Errorf("taking the screenshot: %v", shot)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.complaints) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(b.complaints, "\n"))
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// page shortens a link as a person does, follows it, and finds it listed with its click.
func (s *suite) page(t *testing.T) {
	b := openBrowser(t, s.site)
	var version, slot, title, status, target string
	b.run(t, "links",
		chromedp.Navigate(s.site.url),
		chromedp.WaitVisible(`tr[data-slug="`+keptSlug+`"]`),
		chromedp.Title(&title), chromedp.Text("#version", &version), chromedp.Text("#slot", &slot),
		chromedp.SendKeys("#url", "https://example.com/from/the/browser"), chromedp.SendKeys("#slug", "from-browser"),
		chromedp.Click(`#shorten button[type="submit"]`),
		chromedp.WaitVisible(`tr[data-slug="from-browser"]`),
		chromedp.Text("#status", &status),
		chromedp.Text(`tr[data-slug="from-browser"] .target`, &target),
	)
	if version != s.outputs["version"] || slot != "blue" || !strings.HasPrefix(title, "links") {
		t.Errorf("the page %q shows version %q and slot %q, want %q and blue", title, version, slot, s.outputs["version"])
	}
	if want := s.site.url + "/from-browser"; !strings.Contains(status, want) || target != "https://example.com/from/the/browser" {
		t.Errorf("the page says %q and lists the target %q, want %s", status, target, want)
	}
	for range 3 {
		s.site.follow(t, "from-browser", "https://example.com/from/the/browser")
	}
	var clicks, refused string
	refresh := chromedp.ActionFunc(func(ctx context.Context) error {
		for end := time.Now().Add(15 * time.Second); clicks != "3" && time.Now().Before(end); {
			if err := chromedp.Run(ctx, chromedp.Click("#refresh"), chromedp.Sleep(500*time.Millisecond), chromedp.Text(`tr[data-slug="from-browser"] .clicks`, &clicks)); err != nil {
				return err
			}
		}
		return nil
	})
	b.run(t, "links-clicked", refresh)
	if clicks != "3" {
		t.Errorf("the page shows %q clicks, want 3", clicks)
	}
	// A refused address is told at its field. The browser logs the answer itself as an error, which it is meant to be.
	before := len(b.complaints)
	b.run(t, "links-deleted",
		chromedp.Click(`tr[data-slug="from-browser"] .actions button:last-child`), chromedp.Click(`tr[data-slug="from-browser"] .actions button:last-child`),
		chromedp.WaitNotPresent(`tr[data-slug="from-browser"]`))
	must(t, chromedp.Run(b.ctx, chromedp.SendKeys("#url", "javascript:alert(1)"), chromedp.Click(`#shorten button[type="submit"]`),
		chromedp.WaitVisible("#url-error"), chromedp.Text("#url-error", &refused)))
	if refused == "" {
		t.Error("the page does not say why it refuses an address")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints[before:] {
		if !strings.Contains(c, "422") {
			t.Errorf("the browser complains: %s", c)
		}
	}
}
