// Package images holds what the containers of the local stack run: one folder per image (Dockerfile, entry points,
// health checks), and the templates of the configuration files that the docker driver uploads into them.
//
// The functions of this package render those templates from validated parameters. They do no I/O. The run parameters of
// each container (user, volumes, tmpfs, health check, stop signal) stand in README.md beside this file.
package images

import (
	"embed"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"text/template"
	"time"
)

//go:embed haproxy/haproxy.cfg.tmpl prometheus/prometheus.yml.tmpl alertmanager/alertmanager.yml.tmpl dashboard/haproxy.cfg.tmpl
var templateFiles embed.FS

var (
	hostPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
	pathPattern = regexp.MustCompile(`^/[A-Za-z0-9._~/:@+,=-]*$`)
	hashPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// render executes one embedded template; a field that the template names and the parameters lack is an error.
func render(path string, data any) (string, error) {
	name := path[strings.LastIndexByte(path, '/')+1:]
	t, err := template.New(name).Option("missingkey=error").Funcs(template.FuncMap{
		"seconds":  func(d time.Duration) int64 { return int64(d / time.Second) },
		"duration": prometheusDuration,
		"quote":    yamlString,
	}).ParseFS(templateFiles, path)
	if err != nil {
		return "", fmt.Errorf("parsing %s: %w", path, err)
	}
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", fmt.Errorf("rendering %s: %w", path, err)
	}
	return b.String(), nil
}

// prometheusDuration writes d as Prometheus reads it: whole milliseconds, no fractions.
func prometheusDuration(d time.Duration) string {
	if d%time.Second == 0 {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return fmt.Sprintf("%dms", d/time.Millisecond)
}

// yamlString quotes s so that YAML reads exactly s: a JSON string is one.
func yamlString(s string) (string, error) {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", errors.New("control character in a configuration value")
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, nil
}

// checks collects everything that is wrong, so that a caller sees all of it at once.
type checks []error

func (c *checks) want(ok bool, format string, args ...any) {
	if !ok {
		*c = append(*c, fmt.Errorf(format, args...))
	}
}

func (c *checks) between(name string, v, low, high int64) {
	c.want(v >= low && v <= high, "%s is %d, allowed are %d to %d", name, v, low, high)
}

func (c *checks) host(name, v string) {
	c.want(hostPattern.MatchString(v), "%s %q is not a lower-case host name", name, v)
}

func (c *checks) path(name, v string) {
	c.want(pathPattern.MatchString(v), "%s %q is not an absolute path of letters, digits and ._~/:@+,=-", name, v)
}

// address wants host:port.
func (c *checks) address(name, v string) {
	host, port, err := net.SplitHostPort(v)
	ok := err == nil && hostPattern.MatchString(host) && regexp.MustCompile(`^[1-9][0-9]{0,4}$`).MatchString(port)
	c.want(ok, "%s %q is not host:port", name, v)
}

func (c checks) err(what string) error {
	if len(c) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", what, errors.Join(c...))
}
