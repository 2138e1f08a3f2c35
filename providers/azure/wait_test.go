package azure

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestUntil(t *testing.T) {
	broken := errors.New("broken")
	for _, row := range []struct {
		name  string
		limit time.Duration
		third error // of the third question; nil is the answer
		want  int   // questions
		done  bool
	}{
		{"the third answer is the one", time.Minute, nil, 3, true},
		{"a question that fails is the last one", time.Minute, broken, 3, false},
		{"there is no time for a second question", time.Millisecond, nil, 1, false},
	} {
		asked := 0
		text, done, err := watching{limit: row.limit, pause: time.Millisecond}.until(context.Background(), func() (string, bool, error) {
			if asked++; asked < 3 {
				return "not yet", false, nil
			}
			return "there", row.third == nil, row.third
		})
		if asked != row.want || done != row.done || done != (text == "there" && err == nil) {
			t.Errorf("%s: asked %d times: %q, %t, %v", row.name, asked, text, done, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := (watching{limit: time.Minute, pause: 30 * time.Second}).until(ctx, func() (string, bool, error) { return "", false, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("an update that is cut off goes on waiting: %v", err)
	}
}
