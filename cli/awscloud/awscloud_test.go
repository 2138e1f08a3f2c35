package awscloud

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/stacks"
)

const secretKey = "wJalrXUtnFEMI-a-secret-key"

var stack = cli.Stack{Root: "/src/slipway", Project: "slipway", Name: "prod", Config: stacks.Config{Region: "eu-central-1", App: stacks.App{Name: "links"}}}

type answer func(in map[string]any) (status int, out any)

// amazon stands in for AWS: it answers operations by name, and notes what was asked.
func amazon(t *testing.T, answers map[string]answer) (asked *[]string) {
	t.Helper()
	asked = &[]string{}
	var one sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // a request that was given up while it was sent
		}
		in := map[string]any{}
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if operation == "" { // the older services: a form, and XML
			form, _ := url.ParseQuery(string(body))
			operation = form.Get("Action")
			for name := range form {
				in[name] = form.Get(name)
			}
		} else if err := json.Unmarshal(body, &in); err != nil {
			t.Errorf("%s was asked with %q", operation, body)
		}
		one.Lock() // whoever examines asks several questions at a time
		defer one.Unlock()
		*asked = append(*asked, operation)
		respond, ok := answers[operation]
		if !ok {
			t.Errorf("AWS was asked for %s", operation)
			respond = func(map[string]any) (int, any) { return http.StatusBadRequest, nil }
		}
		status, out := respond(in)
		if text, ok := out.(string); ok {
			w.Header().Set("Content-Type", "text/xml")
			w.WriteHeader(status)
			io.WriteString(w, text)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(out)
	}))
	t.Cleanup(server.Close)
	signIn(t, server.URL)
	return asked
}

// signIn sets credentials that are nobody's, and where AWS is.
func signIn(t *testing.T, address string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
}

func caller(account string) map[string]answer {
	return map[string]answer{"GetRole": roleIsThere, "GetCallerIdentity": func(map[string]any) (int, any) {
		return http.StatusOK, fmt.Sprintf(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::%s:user/deployer</Arn><UserId>AIDA</UserId><Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, account, account)
	}}
}

func refused(status int, code, message string) answer {
	return func(map[string]any) (int, any) {
		return status, map[string]string{"__type": code, "message": message}
	}
}

// dockerEngine puts a docker command first on PATH that says what version it has, or fails.
func dockerEngine(t *testing.T, exit int) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(fmt.Sprintf("#!/bin/sh\necho 28.0\nexit %d\n", exit)), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1") // so that nothing is installed or started
}

func of(account string) cli.Stack {
	s := stack
	s.Config.AWS.AccountID = account
	return s
}

func TestPrepare(t *testing.T) {
	dockerEngine(t, 0)
	for _, s := range []cli.Stack{stack, of("123456789012")} {
		amazon(t, caller("123456789012"))
		if err := (Target{}).Prepare(t.Context(), progress.New(io.Discard), s); err != nil {
			t.Errorf("account %q: %v", s.Config.AWS.AccountID, err)
		}
	}
	dockerEngine(t, 1)
	amazon(t, caller("123456789012"))
	if err := (Target{}).Prepare(t.Context(), progress.New(io.Discard), stack); err == nil || !strings.Contains(err.Error(), "Docker Engine") {
		t.Errorf("without a Docker Engine: %v", err)
	}
}

func TestPrepareRefuses(t *testing.T) {
	dockerEngine(t, 0)
	xml := func(code string) map[string]answer {
		return map[string]answer{"GetCallerIdentity": func(map[string]any) (int, any) {
			return http.StatusForbidden, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>` + code + `</Code><Message>words about ` + secretKey + `</Message></Error></ErrorResponse>`
		}}
	}
	for _, row := range []struct {
		name    string
		stack   cli.Stack
		answers map[string]answer
		set     func(*testing.T)
		want    []string
	}{
		{"another account", of("210987654321"), caller("123456789012"), nil, []string{"aws.accountId:", "belongs to account 210987654321", "arn:aws:iam::123456789012:user/deployer", "AWS_PROFILE"}},
		{"an expired session", of("210987654321"), map[string]answer{"GetCallerIdentity": func(map[string]any) (int, any) {
			return http.StatusForbidden, `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The security token is expired</Message></Error></ErrorResponse>`
		}}, nil, []string{"account 210987654321, region eu-central-1", "ExpiredToken: The security token is expired", "aws sso login"}},
		{"a wrong key", stack, xml("SignatureDoesNotMatch"), nil, []string{"(region eu-central-1)", "SignatureDoesNotMatch"}},
		{"nobody", stack, nil, func(t *testing.T) { t.Setenv("AWS_ACCESS_KEY_ID", ""); t.Setenv("AWS_SECRET_ACCESS_KEY", "") }, []string{"nobody is signed in", "aws sso login"}},
		{"a profile that is not there", stack, nil, func(t *testing.T) { t.Setenv("AWS_PROFILE", "moon") }, []string{"AWS's configuration", "moon"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			amazon(t, row.answers)
			if row.set != nil {
				row.set(t)
			}
			err := Target{}.Prepare(t.Context(), progress.New(io.Discard), row.stack)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, part := range row.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in: %v", part, err)
				}
			}
			if strings.Contains(err.Error(), secretKey) {
				t.Errorf("the key is in: %v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	amazon(t, caller("123456789012"))
	if err := (Target{}).Prepare(ctx, progress.New(io.Discard), stack); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("interrupted: %v", err)
	}
}

const definitions = "arn:aws:ecs:eu-central-1:123456789012:task-definition/"

func service(name, definition string) cli.Resource {
	return cli.Resource{URN: "urn:" + name, Type: typeService, Outputs: map[string]any{
		"cluster": "arn:aws:ecs:eu-central-1:123456789012:cluster/links", "name": name, "taskDefinition": definitions + definition,
	}}
}

func TestRepair(t *testing.T) {
	deleting, broken := service("deleting", "links:1"), service("broken", "links:1")
	deleting.Deleting, broken.Broken = true, true
	state := []cli.Resource{
		service("same", "links:2"), service("rolled-back", "links:2"), service("gone", "links:2"), service("draining", "links:2"), deleting, broken,
		{URN: "urn:other", Type: "aws:ecs/cluster:Cluster"},
	}
	asked := amazon(t, map[string]answer{"DescribeServices": func(in map[string]any) (int, any) {
		if got := fmt.Sprint(in["services"]); got != "[same rolled-back gone draining]" {
			t.Errorf("asked for %s", got)
		}
		one := func(name, status, definition string) map[string]string {
			return map[string]string{"serviceName": name, "status": status, "taskDefinition": definitions + definition}
		}
		return http.StatusOK, map[string]any{
			"services": []any{one("same", "ACTIVE", "links:2"), one("rolled-back", "ACTIVE", "links:1"), one("draining", "DRAINING", "links:2")},
			"failures": []any{map[string]string{"arn": "gone", "reason": "MISSING"}},
		}
	}})
	got, err := Target{}.Repair(t.Context(), progress.New(io.Discard), stack, state)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"urn:rolled-back", "urn:gone", "urn:draining"}; !slices.Equal(got, want) || len(*asked) != 1 {
		t.Errorf("to be read again: %v, want %v", got, want)
	}
}

func TestRepairOfManyAndNone(t *testing.T) {
	asked := amazon(t, nil)
	if got, err := (Target{}).Repair(t.Context(), progress.New(io.Discard), stack, nil); err != nil || len(got) > 0 || len(*asked) > 0 {
		t.Errorf("a stack without services: %v, %v, asked %v", got, err, *asked)
	}
	var state []cli.Resource
	for i := range describeLimit + 1 {
		state = append(state, service(fmt.Sprint("s", i), "links:1"))
	}
	asked = amazon(t, map[string]answer{"DescribeServices": refused(http.StatusBadRequest, "ClusterNotFoundException", "Cluster not found.")})
	if got, err := (Target{}).Repair(t.Context(), progress.New(io.Discard), stack, state); err != nil || len(got) != len(state) || len(*asked) != 2 {
		t.Errorf("a cluster that is gone: %d of %d, %v, asked %v", len(got), len(state), err, *asked)
	}
	amazon(t, map[string]answer{"DescribeServices": refused(http.StatusBadRequest, "AccessDeniedException", "not authorized to perform: ecs:DescribeServices")})
	if _, err := (Target{}).Repair(t.Context(), progress.New(io.Discard), stack, state); err == nil || !strings.Contains(err.Error(), "ecs:DescribeServices") || !strings.Contains(err.Error(), "services of links") {
		t.Errorf("without the right: %v", err)
	}
}

func TestCleaned(t *testing.T) {
	if err := (Target{}).Cleaned(t.Context(), progress.New(io.Discard), stack); err != nil {
		t.Error(err)
	}
}

func event(id, stream, message string, at time.Time) map[string]any {
	return map[string]any{"eventId": id, "logStreamName": stream, "message": message, "timestamp": at.UnixMilli()}
}

func groups(names ...string) answer {
	return func(in map[string]any) (int, any) {
		var all []any
		for _, name := range names {
			if strings.HasPrefix(name, in["logGroupNamePrefix"].(string)) {
				all = append(all, map[string]string{"logGroupName": name})
			}
		}
		return http.StatusOK, map[string]any{"logGroups": all}
	}
}

func TestLogs(t *testing.T) {
	begun := time.Now()
	var from int64
	amazon(t, map[string]answer{
		"DescribeLogGroups": groups("/slipway/slipway/prod/app", "/slipway/slipway/prod/app-metrics"),
		"FilterLogEvents": func(in map[string]any) (int, any) {
			if in["logGroupName"] != "/slipway/slipway/prod/app" {
				t.Errorf("read was %v", in["logGroupName"])
			}
			from = int64(in["startTime"].(float64))
			if in["nextToken"] == nil {
				return http.StatusOK, map[string]any{"nextToken": "2", "events": []any{event("1", "blue/app/0123456789abcdef", "one\n", begun)}}
			}
			return http.StatusOK, map[string]any{"events": []any{event("2", "green/migrate/abc", "two", begun), event("1", "blue/app/0123456789abcdef", "one\n", begun)}}
		},
	})
	var out bytes.Buffer
	if err := (Target{}).Logs(t.Context(), &out, stack, cli.LogOptions{}); err != nil {
		t.Fatal(err)
	}
	if want := "blue/app/01234567 | one\ngreen/migrate/abc | two\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
	if age := begun.Sub(time.UnixMilli(from)); age < 59*time.Minute || age > 61*time.Minute {
		t.Errorf("read from %s ago, want an hour", age)
	}
}

func TestLogsOfTheDatabase(t *testing.T) {
	amazon(t, map[string]answer{
		"DescribeLogGroups": groups("/aws/rds/instance/links-prod-database-0a1b2c3d/postgresql", "/aws/rds/instance/links-prod-eu-database-0a1b2c3d/postgresql"),
		"FilterLogEvents": func(in map[string]any) (int, any) {
			return http.StatusOK, map[string]any{"events": []any{event("1", "links-prod-database-0a1b2c3d.0", "ready", time.Now())}}
		},
	})
	var out bytes.Buffer
	if err := (Target{}).Logs(t.Context(), &out, stack, cli.LogOptions{Component: "database"}); err != nil || out.String() != "postgresql | ready\n" {
		t.Errorf("printed %q, %v", out.String(), err)
	}
}

func TestFollow(t *testing.T) {
	begun := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	looks := 0
	var froms []int64
	amazon(t, map[string]answer{
		"DescribeLogGroups": groups("/slipway/slipway/prod/app"),
		"FilterLogEvents": func(in map[string]any) (int, any) {
			froms = append(froms, int64(in["startTime"].(float64)))
			if looks++; looks == 3 {
				cancel()
			}
			// The second line came late: it is older than the first.
			all := []any{event("1", "s", "one", begun), event("2", "s", "two", begun.Add(-time.Second))}
			return http.StatusOK, map[string]any{"events": all[:min(looks, 2)]}
		},
	})
	var out bytes.Buffer
	err := Target{}.Logs(ctx, &out, stack, cli.LogOptions{Follow: true, Since: "10m"})
	if ctx.Err() == nil || err == nil {
		t.Errorf("following ended by itself: %v", err)
	}
	if out.String() != "app | one\napp | two\n" {
		t.Errorf("printed %q", out.String())
	}
	if froms[1] <= froms[0] || froms[1] >= begun.UnixMilli() {
		t.Errorf("looked from %v, the newest line is of %d", froms, begun.UnixMilli())
	}
}

func TestLogsFail(t *testing.T) {
	app := groups("/slipway/slipway/prod/app")
	for _, row := range []struct {
		name    string
		options cli.LogOptions
		answers map[string]answer
		want    string
	}{
		{"an unknown component", cli.LogOptions{Component: "moon"}, nil, "the components are cache, database, service"},
		{"a time that is none", cli.LogOptions{Since: "yesterday"}, nil, "--since yesterday"},
		{"nothing deployed", cli.LogOptions{}, map[string]answer{"DescribeLogGroups": groups()}, "go run . up -s prod"},
		{"no right to list", cli.LogOptions{}, map[string]answer{"DescribeLogGroups": refused(400, "AccessDeniedException", "no logs:DescribeLogGroups")}, "no logs:DescribeLogGroups"},
		{"no right to read", cli.LogOptions{}, map[string]answer{"DescribeLogGroups": app, "FilterLogEvents": refused(400, "AccessDeniedException", "no logs:FilterLogEvents")}, "reading logs of /slipway/slipway/prod/app"},
	} {
		t.Run(row.name, func(t *testing.T) {
			amazon(t, row.answers)
			err := Target{}.Logs(t.Context(), io.Discard, stack, row.options)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
	amazon(t, map[string]answer{"DescribeLogGroups": app, "FilterLogEvents": refused(400, "ResourceNotFoundException", "gone")})
	if err := (Target{}).Logs(t.Context(), io.Discard, stack, cli.LogOptions{}); err != nil {
		t.Errorf("a group that was just deleted: %v", err)
	}
	amazon(t, map[string]answer{"DescribeLogGroups": app, "FilterLogEvents": func(map[string]any) (int, any) {
		return http.StatusOK, map[string]any{"events": []any{event("1", "s", "one", time.Now())}}
	}})
	if err := (Target{}).Logs(t.Context(), closed{}, stack, cli.LogOptions{}); err == nil || !strings.Contains(err.Error(), "printing logs") {
		t.Errorf("nobody reads: %v", err)
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
