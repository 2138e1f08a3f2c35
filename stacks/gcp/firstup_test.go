package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// rooted wants a secret password for the user postgres where passwords must be of a kind: without one Cloud SQL refuses the instance.
func rooted(t *testing.T, state *apitype.DeploymentV3) {
	found := 0
	for _, r := range state.Resources {
		if r.Type != databaseType {
			continue
		}
		found++
		password, ok := r.Inputs["rootPassword"].(map[string]any)
		if !ok || password[resource.SigKey] != resource.SecretSig {
			t.Errorf("%s has the rootPassword %T, want a secret", r.URN, r.Inputs["rootPassword"])
		}
		if _, named := r.Inputs["name"]; !named || !strings.HasPrefix(fmt.Sprint(r.Inputs["name"]), r.URN.Name()+"-") {
			t.Errorf("%s is called %v: its end must be Pulumi's", r.URN, r.Inputs["name"])
		}
	}
	if found != 1 {
		t.Errorf("there are %d databases", found)
	}
}

// granted wants whatever encrypts with the stack's key to wait for all rights to it, and for what takes minutes after them.
func granted(t *testing.T, stack string, state *apitype.DeploymentV3) {
	var rights []resource.URN
	var slow resource.URN
	for _, r := range state.Resources {
		switch r.Type {
		case "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember":
			rights = append(rights, r.URN)
		case "gcp:servicenetworking/connection:Connection":
			slow = r.URN
		}
	}
	users := 0
	for _, r := range state.Resources {
		if r.URN == slow {
			for _, right := range rights {
				if !slices.Contains(r.Dependencies, right) {
					t.Errorf("the connection does not wait for %s", right)
				}
			}
		}
		if !strings.Contains(fmt.Sprint(r.Inputs), "/cryptoKeys/") || strings.Contains(string(r.Type), ":kms/") {
			continue
		}
		users++
		for _, before := range append(slices.Clone(rights), slow) {
			if !slices.Contains(r.Dependencies, before) {
				t.Errorf("%s uses the key and does not wait for %s", r.URN, before)
			}
		}
	}
	if want := stack == "gcp-prod"; (users > 0) != want || (len(rights) > 0) != want {
		t.Errorf("%d resources use the key, with %d rights", users, len(rights))
	}
}

// asked wants every path that is asked, from outside or inside, to be one that Google's front ends let through.
func asked(t *testing.T, state *apitype.DeploymentV3) {
	seen := 0
	for _, r := range state.Resources {
		var paths []string
		switch r.Type {
		case serviceType:
			if least := r.Inputs["scaling"]; least != nil {
				t.Errorf("the service has %v: traffic would divide the least instances, and a candidate be cold", least)
			}
			for _, container := range r.Inputs["template"].(map[string]any)["containers"].([]any) {
				for _, probe := range []string{"startupProbe", "livenessProbe"} {
					if p, ok := container.(map[string]any)[probe].(map[string]any); ok {
						paths = append(paths, p["httpGet"].(map[string]any)["path"].(string))
					}
				}
			}
		case "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig":
			paths = append(paths, r.Inputs["httpCheck"].(map[string]any)["path"].(string))
		}
		for _, path := range paths {
			seen++
			if strings.HasSuffix(path, "z") || strings.HasPrefix(path, "/_ah/") {
				t.Errorf("%s asks %s, which Google answers itself", r.URN.Name(), path)
			}
		}
	}
	if seen < 4 {
		t.Errorf("only %d paths are asked", seen)
	}
}
