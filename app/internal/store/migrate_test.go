package store

import (
	"log/slog"
	"testing"
	"testing/fstest"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	"github.com/golang-migrate/migrate/v4/database/stub"
	"github.com/golang-migrate/migrate/v4/source/iofs"
)

func TestLastBefore(t *testing.T) {
	files, err := iofs.New(fstest.MapFS{"m/0001_a.up.sql": {}, "m/0002_b.up.sql": {}, "m/20260101_c.up.sql": {}}, "m")
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[int]int{1: database.NilVersion, 2: 1, 3: 2, 20260101: 2, 20260102: 20260101} {
		if got, err := lastBefore(files, version); err != nil || got != want {
			t.Errorf("before %d comes %d, %v, want %d", version, got, err, want)
		}
	}
}

// While two versions run, a task of the one before may start on the schema of the other, and must not fail for it.
func TestNewerSchemaIsLeftAlone(t *testing.T) {
	for _, row := range []struct {
		name  string
		at    int
		files fstest.MapFS
		fails bool
	}{
		{"as new as known", 2, fstest.MapFS{"m/0001_a.up.sql": {}, "m/0002_b.up.sql": {}}, false},
		{"newer", 3, fstest.MapFS{"m/0001_a.up.sql": {}, "m/0002_b.up.sql": {}}, false},
		{"unknown, but not newer", 2, fstest.MapFS{"m/0001_a.up.sql": {}, "m/0003_c.up.sql": {}}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			files, err := iofs.New(row.files, "m")
			if err != nil {
				t.Fatal(err)
			}
			into := &stub.Stub{CurrentVersion: row.at, Config: &stub.Config{}}
			m, err := migrate.NewWithInstance("embedded", files, "stub", into)
			if err != nil {
				t.Fatal(err)
			}
			if err := upgrade(m, files, slog.New(slog.DiscardHandler)); (err != nil) != row.fails {
				t.Errorf("got %v, failing is %t", err, row.fails)
			}
			if into.CurrentVersion != row.at || into.IsDirty {
				t.Errorf("the database was at %d and is at %d, dirty %t", row.at, into.CurrentVersion, into.IsDirty)
			}
		})
	}
}
