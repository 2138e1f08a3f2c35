package store

import (
	"testing"
	"testing/fstest"

	"github.com/golang-migrate/migrate/v4/database"
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
