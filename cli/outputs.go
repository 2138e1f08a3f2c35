package cli

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// Outputs are the stack's outputs that the command line uses itself.
type Outputs struct {
	URL, Version, Dashboard, CA string
	// SlotKey opens a slot directly. It is a secret: print it nowhere.
	SlotKey string
	// Release is the text form of the release.
	Release string
	// Health says where the slots are measured, in the words of the driver.
	Health map[string]string
}

func outputsOf(all auto.OutputMap) Outputs {
	text := func(name string) string {
		s, _ := all[name].Value.(string)
		return s
	}
	o := Outputs{URL: text("url"), Version: text("version"), Dashboard: text("dashboard"), CA: text("ca"), SlotKey: text("slotKey"), Release: text("release"), Health: map[string]string{}}
	if health, ok := all["health"].Value.(map[string]any); ok {
		for key, v := range health {
			o.Health[key] = fmt.Sprint(v)
		}
	}
	return o
}

func (s *session) outputs(ctx context.Context) (Outputs, error) {
	all, err := s.auto.Outputs(ctx)
	if err != nil {
		return Outputs{}, err
	}
	return outputsOf(all), nil
}
