package awscloud

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
)

func serviceARN(name string) string {
	return "arn:aws:ecs:eu-central-1:123456789012:service/links-prod-0a1b2c3/" + name
}

// A process that is killed while ECS brings a version up leaves a service that takes traffic with the next version of the slot.
func TestServicesThatNoStateKnows(t *testing.T) {
	cluster := cli.Resource{Type: typeCluster, Outputs: map[string]any{"arn": "arn:aws:ecs:eu-central-1:123456789012:cluster/links-prod-0a1b2c3"}}
	known := cli.Resource{Type: typeService, ID: serviceARN("links-prod-blue-1111111"), Broken: true}
	listed := func(in map[string]any) (int, any) {
		if in["nextToken"] == nil {
			return http.StatusOK, map[string]any{"nextToken": "2", "serviceArns": []string{serviceARN("links-prod-blue-1111111"), serviceARN("links-prod-green-2222222"), serviceARN("somebody-elses")}}
		}
		return http.StatusOK, map[string]any{"serviceArns": []string{serviceARN("links-prod-green-3333333")}}
	}
	asked := amazon(t, map[string]answer{"ListServices": listed, "DescribeServices": func(in map[string]any) (int, any) {
		if got := fmt.Sprint(in["services"]); got != "["+serviceARN("links-prod-green-2222222")+" "+serviceARN("links-prod-green-3333333")+"]" {
			t.Errorf("asked for %s", got)
		}
		return http.StatusOK, map[string]any{"services": []any{
			map[string]string{"serviceArn": serviceARN("links-prod-green-2222222"), "status": "ACTIVE"}, map[string]string{"serviceArn": serviceARN("links-prod-green-3333333"), "status": "DRAINING"},
		}}
	}})
	got, err := Target{}.Unknown(t.Context(), stack, []cli.Resource{cluster, known})
	if err != nil || !slices.Equal(got, []string{serviceARN("links-prod-green-2222222")}) {
		t.Errorf("unknown are %v, %v", got, err)
	}
	*asked = nil
	if got, err := (Target{}).Unknown(t.Context(), stack, nil); err != nil || len(got) > 0 || len(*asked) > 0 {
		t.Errorf("a stack without a cluster: %v, %v, asked %v", got, err, *asked)
	}
	amazon(t, map[string]answer{"ListServices": refused(http.StatusBadRequest, "ClusterNotFoundException", "Cluster not found.")})
	if got, err := (Target{}).Unknown(t.Context(), stack, []cli.Resource{cluster}); err != nil || len(got) > 0 {
		t.Errorf("a cluster that is gone: %v, %v", got, err)
	}
	amazon(t, map[string]answer{"ListServices": refused(http.StatusBadRequest, "AccessDeniedException", "not authorized to perform: ecs:ListServices")})
	if _, err := (Target{}).Unknown(t.Context(), stack, []cli.Resource{cluster}); err == nil || !strings.Contains(err.Error(), "ecs:ListServices") {
		t.Errorf("without the right: %v", err)
	}
}

func TestRemovesServices(t *testing.T) {
	amazon(t, map[string]answer{"DeleteService": func(in map[string]any) (int, any) {
		if in["cluster"] != "links-prod-0a1b2c3" || in["service"] != serviceARN("links-prod-green-2222222") || in["force"] != true {
			t.Errorf("deleted was %v", in)
		}
		return http.StatusOK, map[string]any{}
	}})
	var said bytes.Buffer
	if err := (Target{}).Remove(t.Context(), progress.New(&said), stack, []string{serviceARN("links-prod-green-2222222")}); err != nil || !strings.Contains(said.String(), "links-prod-green-2222222") {
		t.Errorf("%v, said %q", err, said.String())
	}
	amazon(t, map[string]answer{"DeleteService": refused(http.StatusBadRequest, "AccessDeniedException", "not authorized to perform: ecs:DeleteService")})
	if err := (Target{}).Remove(t.Context(), progress.New(io.Discard), stack, []string{serviceARN("x")}); err == nil || !strings.Contains(err.Error(), "ecs:DeleteService") {
		t.Errorf("without the right: %v", err)
	}
}
