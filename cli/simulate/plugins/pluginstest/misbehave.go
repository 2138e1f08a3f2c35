package pluginstest

import (
	"context"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// misbehave does what the input of that name says: "crash", "hang" until the call's end, or ask the "network".
func misbehave(ctx context.Context, inputs resource.PropertyMap, input resource.PropertyKey) error {
	switch text(inputs, input) {
	case "crash":
		go func() { panic("the plugin's own fault") }()
		time.Sleep(time.Minute)
	case "exit":
		os.Exit(3)
	case "hang":
		<-ctx.Done()
		return ctx.Err()
	case "network":
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.cloud.example/zones", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		_ = answer.Body.Close()
		return errors.New("the network is there")
	}
	return nil
}
