package awscloud

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/stacks"
)

func roleIsThere(in map[string]any) (int, any) {
	return http.StatusOK, fmt.Sprintf(`<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role>
<Path>/aws-service-role/</Path><RoleName>%v</RoleName><RoleId>AROA</RoleId><Arn>arn:aws:iam::123456789012:role/x</Arn><CreateDate>2026-12-01T00:00:00Z</CreateDate></Role></GetRoleResult></GetRoleResponse>`, in["RoleName"])
}

func iamError(status int, code, message string) (int, any) {
	return status, fmt.Sprintf(`<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, code, message)
}

// account stands in for IAM: it has some roles, and shows a new one only when it is asked for the second time.
type account struct {
	roles, taken, asked []string
	shown               map[string]int
}

func (a *account) answers() map[string]answer {
	a.shown = map[string]int{}
	return map[string]answer{
		"GetRole": func(in map[string]any) (int, any) {
			role := fmt.Sprint(in["RoleName"])
			if late, isNew := a.shown[role]; isNew && late > 0 {
				a.shown[role]--
			} else if isNew || slices.Contains(a.roles, role) {
				return roleIsThere(in)
			}
			return iamError(http.StatusNotFound, "NoSuchEntity", "The role with name "+role+" cannot be found.")
		},
		"CreateServiceLinkedRole": func(in map[string]any) (int, any) {
			service := fmt.Sprint(in["AWSServiceName"])
			a.asked = append(a.asked, service)
			for _, row := range serviceRoles {
				if row.service == service {
					a.shown[row.role] = 1
				}
			}
			if slices.Contains(a.taken, service) {
				return iamError(http.StatusBadRequest, "InvalidInput", "Service role name AWSServiceRoleForX has been taken in this account, please try a different suffix.")
			}
			return http.StatusOK, `<CreateServiceLinkedRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateServiceLinkedRoleResult></CreateServiceLinkedRoleResult></CreateServiceLinkedRoleResponse>`
		},
	}
}

func TestServiceRoles(t *testing.T) {
	small, large := stack, stack
	small.Config.Edge.CDN, small.Config.Domain.Name = nil, "links.example.com"
	large.Config.Database.Enabled, large.Config.Cache.Enabled, large.Config.Edge.RateLimit = true, true, 600
	large.Config.AWS.BackupRegion, large.Config.Alerts.Webhook = "eu-west-1", stacks.Secret("https://hooks.example.com/1")
	three := []string{"ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticloadbalancing.amazonaws.com"}
	for _, row := range []struct {
		name    string
		account *account
		large   bool
		want    []string
	}{
		{"a fresh account, and the smallest stack", &account{}, false, three},
		{"a fresh account, and everything", &account{}, true, append(slices.Clone(three), "rds.amazonaws.com", "elasticache.amazonaws.com", "wafv2.amazonaws.com",
			"vpcorigin.cloudfront.amazonaws.com", "backup.amazonaws.com", "apidestinations.events.amazonaws.com")},
		{"an account that has ECS", &account{roles: []string{"AWSServiceRoleForECS"}}, false, three[1:]},
		{"two stacks in the same moment", &account{taken: three}, false, three},
		{"nothing is missing", &account{roles: []string{"AWSServiceRoleForECS", "AWSServiceRoleForApplicationAutoScaling_ECSService", "AWSServiceRoleForElasticLoadBalancing"}}, false, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			amazon(t, row.account.answers())
			s := small
			if row.large {
				s = large
			}
			if err := makeServiceRoles(t.Context(), progress.New(io.Discard), s, 5*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(row.account.asked, row.want) {
				t.Errorf("made were %v, want %v", row.account.asked, row.want)
			}
			for role, late := range row.account.shown {
				if late > 0 {
					t.Errorf("it does not wait until IAM shows %s", role)
				}
			}
		})
	}
}

// Who may not make them learns who can; who may not even look goes on, since the services look themselves.
func TestServiceRolesWithoutTheRight(t *testing.T) {
	denied := func(map[string]any) (int, any) {
		return iamError(http.StatusForbidden, "AccessDenied", "not authorized to perform: iam:CreateServiceLinkedRole")
	}
	answers := (&account{}).answers()
	answers["CreateServiceLinkedRole"] = denied
	amazon(t, answers)
	err := makeServiceRoles(t.Context(), progress.New(io.Discard), stack, time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com") {
		t.Errorf("without the right to make one: %v", err)
	}
	amazon(t, map[string]answer{"GetRole": denied})
	if err := makeServiceRoles(t.Context(), progress.New(io.Discard), stack, time.Millisecond); err != nil {
		t.Errorf("without the right to look: %v", err)
	}
}
