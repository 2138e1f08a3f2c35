package cli

import (
	"testing"
	"time"
)

func TestLogsFrom(t *testing.T) {
	now := time.Date(2026, 1, 31, 15, 4, 5, 0, time.Local)
	for given, want := range map[string]time.Time{
		"": now.Add(-time.Hour), "10m": now.Add(-10 * time.Minute), "-10m": now.Add(-10 * time.Minute), "2026-01-30": time.Date(2026, 1, 30, 0, 0, 0, 0, time.Local),
		"2026-01-31T15:04": time.Date(2026, 1, 31, 15, 4, 0, 0, time.Local), "2026-01-31T15:04:05Z": time.Date(2026, 1, 31, 15, 4, 5, 0, time.UTC),
	} {
		if got, err := (LogOptions{Since: given}).From(now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %s, %v, want %s", given, got, err, want)
		}
	}
}
