package main

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// env is a complete environment with changes on top; an empty value removes a variable.
func env(changes map[string]string) func(string) string {
	all := map[string]string{
		"MASTER_URL":   "postgres://master:masterpassword@db.example:5432/postgres",
		"APP_ROLE":     "links_app",
		"APP_PASSWORD": "app-password",
		"APP_DATABASE": "links",
	}
	for k, v := range changes {
		all[k] = v
	}
	return func(name string) string { return all[name] }
}

func files(content map[string]string) func(string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		if c, ok := content[path]; ok {
			return []byte(c), nil
		}
		return nil, os.ErrNotExist
	}
}

func TestConfigurationErrors(t *testing.T) {
	for name, c := range map[string]struct {
		changes map[string]string
		want    []string
	}{
		"everything at once": {map[string]string{"MASTER_URL": "", "APP_ROLE": "", "APP_PASSWORD": "short", "APP_DATABASE": "Bad Name"},
			[]string{"MASTER_URL, MASTER_URL_FILE or MASTER_SECRET is missing", "APP_ROLE is missing", "APP_PASSWORD is missing or shorter", `APP_DATABASE "Bad Name"`}},
		"two masters":      {map[string]string{"MASTER_SECRET": "{}"}, []string{"MASTER_URL and MASTER_SECRET are both set"}},
		"value and file":   {map[string]string{"APP_PASSWORD_FILE": "/p"}, []string{"APP_PASSWORD and APP_PASSWORD_FILE are both set"}},
		"missing file":     {map[string]string{"APP_PASSWORD": "", "APP_PASSWORD_FILE": "/p"}, []string{"APP_PASSWORD_FILE: file does not exist"}},
		"not a URL":        {map[string]string{"MASTER_URL": "host=x password=secretsecret"}, []string{"MASTER_URL is not of the form"}},
		"plain connection": {map[string]string{"MASTER_URL": "postgres://m:p@h/d?sslmode=disable"}, []string{`sslmode "disable" is not allowed`}},
		"bad port":         {map[string]string{"MASTER_URL": "postgres://m:secretsecret@h:99999/d"}, []string{"the master's connection can't be read"}},
		"not JSON":         {map[string]string{"MASTER_URL": "", "MASTER_SECRET": "secretsecret"}, []string{"MASTER_SECRET is not JSON"}},
		"no host":          {map[string]string{"MASTER_URL": "", "MASTER_SECRET": `{"username":"m","password":"p"}`}, []string{"DATABASE_HOST is missing"}},
		"role is master":   {map[string]string{"APP_ROLE": "master"}, []string{`APP_ROLE "master" is the master itself`}},
		"reserved name":    {map[string]string{"APP_ROLE": "pg_app"}, []string{"names beginning with pg_"}},
		"same roles":       {map[string]string{"MONITOR_ROLE": "links_app", "MONITOR_PASSWORD": "monitor-password"}, []string{"MONITOR_ROLE and APP_ROLE are both"}},
		"no monitor word":  {map[string]string{"MONITOR_ROLE": "monitor"}, []string{"MONITOR_PASSWORD is missing"}},
		"odd password":     {map[string]string{"APP_PASSWORD": "pässword-secret"}, []string{"APP_PASSWORD may hold printable ASCII only"}},
		"bad CA":           {map[string]string{"DATABASE_CA": "nonsense"}, []string{"DATABASE_CA holds no PEM certificate"}},
		"bad limits":       {map[string]string{"APP_CONNECTION_LIMIT": "0", "WAIT": "ever", "APP_STATEMENT_TIMEOUT": "1ms"}, []string{`APP_CONNECTION_LIMIT "0"`, `WAIT "ever"`, `APP_STATEMENT_TIMEOUT "1ms"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadConfig(env(c.changes), files(nil))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q:\n%s", want, err)
				}
			}
			for _, secret := range []string{"masterpassword", "secretsecret", "app-password", "pässword"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("error shows a secret:\n%s", err)
				}
			}
		})
	}
}

func TestMasterFromManagedSecret(t *testing.T) {
	c, err := loadConfig(env(map[string]string{
		"MASTER_URL": "", "MASTER_SECRET_FILE": "/secret", "DATABASE_HOST": "db.internal", "DATABASE_PORT": "6432",
	}), files(map[string]string{"/secret": `{"username":"master","password":"p@ss/w:rd?#%"}` + "\n"}))
	if err != nil {
		t.Fatal(err)
	}
	if c.master.User != "master" || c.master.Password != "p@ss/w:rd?#%" || c.master.Host != "db.internal" || c.master.Port != 6432 || c.master.Database != "postgres" {
		t.Errorf("read %s at %s:%d/%s", c.master.User, c.master.Host, c.master.Port, c.master.Database)
	}
	if c.master.TLSConfig == nil || c.master.TLSConfig.ServerName != "db.internal" || c.master.TLSConfig.InsecureSkipVerify {
		t.Error("the server's certificate and name aren't verified by default")
	}
	if len(c.master.Fallbacks) != 0 {
		t.Error("there is a fall-back, maybe without TLS")
	}
}

func TestDefaults(t *testing.T) {
	c, err := loadConfig(env(nil), files(nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.wait != 2*time.Minute || c.app.connections != 80 || c.app.statementTimeout != 30*time.Second || c.monitor != nil {
		t.Errorf("defaults: %s, %d, %s, %v", c.wait, c.app.connections, c.app.statementTimeout, c.monitor)
	}
}

// The example of PostgreSQL's own test suite doesn't exist; this vector is RFC 7677's exchange (user "pencil").
func TestScramVerifierMatchesRFC7677(t *testing.T) {
	salt, _ := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	got, err := scramVerifierWithSalt("pencil", salt, 4096)
	if err != nil {
		t.Fatal(err)
	}
	want := "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestExitCodes(t *testing.T) {
	var out strings.Builder
	if code := run(context.Background(), env(map[string]string{"APP_ROLE": ""}), files(nil), &out); code != exitConfiguration {
		t.Errorf("wrong configuration: exit %d", code)
	}
	out.Reset()
	code := run(context.Background(), env(map[string]string{"MASTER_URL": "postgres://master:masterpassword@127.0.0.1:1/postgres", "WAIT": "1s"}), files(nil), &out)
	if code != exitUnreachable {
		t.Errorf("nobody there: exit %d", code)
	}
	if strings.Contains(out.String(), "masterpassword") {
		t.Errorf("the log shows the password:\n%s", out.String())
	}
	if code := exitCode(errors.New("refused")); code != exitRefused {
		t.Errorf("refused statement: exit %d", code)
	}
}
