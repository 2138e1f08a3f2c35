package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestVerbs(t *testing.T) {
	healthy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer healthy.Close()
	sick := httptest.NewServer(http.NotFoundHandler())
	defer sick.Close()
	port := func(s *httptest.Server) string { return s.URL[strings.LastIndexByte(s.URL, ':')+1:] }
	for _, c := range []struct {
		args      []string
		env       map[string]string
		out, fail string
	}{
		{[]string{"version"}, nil, "dev\n", ""},
		{[]string{"version"}, map[string]string{"SLIPWAY_VERSION": "v9"}, "v9\n", ""},
		{[]string{"healthcheck"}, map[string]string{"PORT": port(healthy)}, "", ""},
		{[]string{"healthcheck"}, map[string]string{"PORT": port(sick)}, "", "unhealthy: 404"},
		{[]string{"healthcheck"}, map[string]string{"PORT": freePort(t)}, "", "refused"},
		{[]string{"healthcheck"}, map[string]string{"PORT": "x"}, "", "not a port"},
		{[]string{"dance"}, nil, usage, `unknown command "dance"`},
		{[]string{"-h"}, nil, usage, ""},
		{[]string{"-x"}, nil, usage, "-x"},
		{nil, nil, "", "DATABASE_URL: is required"},
		{nil, map[string]string{"DATABASE_URL": "postgres://h/d?sslmode=s3cret"}, "", "sslmode"},
		{[]string{"migrate"}, map[string]string{"DATABASE_URL": "postgres://u:s3cret@h/d?sslmode=odd"}, "", "sslmode"},
		{nil, map[string]string{"DATABASE_URL": "postgres://h/d", "CACHE_URL": "redis://:s3cret@h/notanumber"}, "", "CACHE_URL"},
		{nil, map[string]string{"DATABASE_URL": "postgres://h/d", "PPROF_ADDR": "off", "PORT": port(healthy)}, "", "listening"},
	} {
		var out output
		err := run(t.Context(), c.args, func(k string) string { return c.env[k] }, &out)
		if c.fail == "" && err != nil || c.fail != "" && (err == nil || !strings.Contains(err.Error(), c.fail)) ||
			c.out != "" && !strings.Contains(out.String(), c.out) {
			t.Errorf("%v %v: %v, %q", c.args, c.env, err, out.String())
		}
		if strings.Contains(fmt.Sprint(err), "u:s3cret") || strings.Contains(fmt.Sprint(err), ":s3cret@") {
			t.Errorf("%v: the password is in %v", c.args, err)
		}
	}
}
