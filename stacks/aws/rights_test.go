package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/providers/aws"
	"github.com/slipway-iac/slipway/providers/aws/rights"
	"github.com/slipway-iac/slipway/providers/aws/rights/reference"
)

// held is a stack of the simulation with what its policies are held against.
type held struct {
	plan     rights.Plan
	own      rights.Stack
	deployer []rights.Document
	reader   []rights.Document
	known    reference.Reference
}

// entitled holds the documented policies against a stack that is up: the deployer may do all that it takes to make, read, change and
// delete each resource, now and when AWS does not see yet what has just been made; the reader may read all of it, and no more; and the
// roles of another stack in the same account reach nothing of it.
func entitled(t *testing.T, stack string, state *apitype.DeploymentV3) {
	t.Helper()
	h := hold(t, stack, state)
	for _, settled := range []bool{false, true} {
		asked, err := h.plan.Requests(settled)
		if err != nil {
			t.Fatal(err)
		}
		if len(asked) < 1000 {
			t.Errorf("only %d requests are known", len(asked))
		}
		for _, a := range asked {
			h.real(t, a)
			if !rights.Decide(h.deployer, a.Request).Allowed {
				t.Errorf("the deployer may not: %s", described(a))
			}
			reads := rights.Decide(h.reader, a.Request).Allowed
			if a.When == rights.Read && settled && !reads {
				t.Errorf("the reader may not: %s", described(a))
			}
			if a.When != rights.Read && reads && changing(a.Action) {
				t.Errorf("the reader may: %s", described(a))
			}
		}
	}
	h.apart(t)
	h.rolesSuffice(t)
}

// All that the stacks' own files leave out, under a name that no name of AWS has room for.
func TestRightsOfEverything(t *testing.T) {
	everything := []string{
		"app.name=a-name-that-is-as-long-as-a-name-can-be1", "region=eu-west-1", "aws.egress=endpoints", "aws.backupRegion=eu-central-1",
		"aws.permissionsBoundary=arn:aws:iam::123456789012:policy/boundary", "alerts.webhook=https://hooks.example.com/x", `edge.cdn=["/static/"]`, "edge.hsts.maxAge=24h",
	}
	state, _ := pair(t, "prod", everything, append(slices.Clone(everything), "aws.egress=nat"))
	for _, want := range []string{
		"aws:backup/selection:Selection", "aws:cloudfront/function:Function", "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy", "aws:cloudwatch/eventApiDestination:EventApiDestination", "aws:ec2/natGateway:NatGateway",
	} {
		find(t, state, want, "")
	}
}

func described(a rights.Asked) string {
	return fmt.Sprintf("%s on %s, for %s %s (phase %d, with %v)", a.Action, a.Resource, a.For.Type, a.For.Name, a.When, a.Context)
}

// changing tells whether an action changes something, by its name.
func changing(action string) bool {
	_, name, _ := strings.Cut(action, ":")
	return !slices.ContainsFunc([]string{"Get", "List", "Describe", "BatchGet", "BatchCheck", "Decrypt"}, func(p string) bool { return strings.HasPrefix(name, p) })
}

// real leaves in the request only the condition keys that AWS puts there.
func (h held) real(t *testing.T, a rights.Asked) {
	t.Helper()
	if a.Resource != "*" && len(h.known.TypesOf(a.Action, a.Resource)) == 0 {
		t.Errorf("AWS has no %s on %s", a.Action, a.Resource)
	}
	maps.DeleteFunc(a.Context, func(key string, _ []string) bool { return !h.known.Supports(a.Action, a.Resource, key) })
}

// common is what the roles of each stack of an account may do, as AWS has no way to say for which stack, by the action or a part of the
// ARN.
var common = map[string]string{
	"route53:AssociateVPCWithHostedZone": "the zone of an endpoint is AWS's own, and the VPC is no key of the request",
	":role/aws-service-role/":            "the role of a service, which there is once in an account",
	"/managedruleset/":                   "AWS's own rules",
	":og:default:":                       "RDS's own option group",
	":response-headers-policy/":          "CloudFront gives them ids, and takes no tags for them; one is made for another edge.hsts than AWS's own policy has",
	":secret:rds!db-":                    "only RDS makes such a secret; rotating it gives a database a new password, as each week, and shows it to nobody",
}

// shared tells whether a request is about something of all stacks, or about no one thing.
func shared(a rights.Asked) bool {
	for part := range common {
		if a.Action == part || strings.Contains(a.Resource, part) {
			return true
		}
	}
	return a.Resource == "*" && len(a.Context["aws:RequestTag/"+aws.TagStack]) == 0
}

// apart wants the roles of another stack of the same app to reach nothing of this one.
func (h held) apart(t *testing.T) {
	t.Helper()
	other := "prod"
	if strings.HasSuffix(h.own.State, "/prod") {
		other = "dev"
	}
	project, _, _ := strings.Cut(h.own.State, "/")
	theirs := h.own
	names := aws.Rights(h.app(), project, other, nil)
	theirs.Tag, theirs.State, theirs.Path, theirs.Names = names.Tag, names.State, names.Path, names.Names
	theirs.Domain, theirs.StateKey = "other.example.org", "alias/slipway-state-"+other
	deployer, reader := documents(t, theirs)
	asked, err := h.plan.Requests(true)
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, a := range asked {
		h.real(t, a)
		if shared(a) {
			continue
		}
		kept++
		if d := rights.Decide(deployer, a.Request); d.Allowed && (changing(a.Action) || confidential(a.Action)) {
			t.Errorf("the deployer of %s may (%s): %s", other, d.Sid, described(a))
		}
		if d := rights.Decide(reader, a.Request); d.Allowed && (changing(a.Action) || confidential(a.Action)) {
			t.Errorf("the reader of %s may (%s): %s", other, d.Sid, described(a))
		}
	}
	if kept < 500 {
		t.Errorf("only %d requests are about this stack's own", kept)
	}
}

// confidential are reads of what only this stack's roles should see.
func confidential(action string) bool {
	return slices.Contains([]string{"secretsmanager:GetSecretValue", "kms:Decrypt", "events:DescribeApiDestination", "ecr:GetDownloadUrlForLayer", "iam:GetRolePolicy"}, action)
}

func hold(t *testing.T, stack string, state *apitype.DeploymentV3) held {
	t.Helper()
	h := held{}
	regions := map[string]string{}
	for _, r := range state.Resources {
		if strings.HasPrefix(string(r.Type), "pulumi:providers:aws") {
			regions[string(r.URN)], _ = r.Inputs["region"].(string)
		}
	}
	var app, project, backup string
	for _, r := range state.Resources {
		one := rights.Resource{Type: string(r.Type), Name: r.URN.Name(), ID: string(r.ID), Inputs: r.Inputs, Outputs: r.Outputs}
		if i := strings.LastIndex(r.Provider, "::"); i > 0 {
			one.Region = regions[r.Provider[:i]]
		}
		h.plan.Resources = append(h.plan.Resources, one)
		project = string(r.URN.Project())
		if tags, ok := r.Inputs["tags"].(map[string]any); ok {
			app, _ = tags[aws.TagApp].(string)
		}
		if arn, ok := r.Outputs["arn"].(string); ok && r.Type == "aws:kms/key:Key" && r.Parent.Name() == "aws" {
			parts := strings.Split(arn, ":")
			h.plan.Partition, h.own.Region, h.plan.Account = parts[1], parts[3], parts[4]
		}
		if r.Type == "aws:backup/vault:Vault" {
			if parts := strings.Split(fmt.Sprint(r.Outputs["arn"]), ":"); parts[3] != h.own.Region {
				backup = parts[3]
			}
		}
		if r.Type == "aws:route53/record:Record" && r.Inputs["aliases"] != nil {
			h.own.Zone, h.own.Domain = fmt.Sprint(r.Inputs["zoneId"]), fmt.Sprint(r.Inputs["name"])
		}
		if b, ok := r.Inputs["permissionsBoundary"].(string); ok {
			h.own.Boundary = b
		}
	}
	region := h.own.Region
	own := aws.Rights(app, project, stack, nil)
	own.Account, own.Partition, own.Region, own.Zone, own.Domain, own.Boundary, own.BackupRegion = h.plan.Account, h.plan.Partition, region, h.own.Zone, h.own.Domain, h.own.Boundary, backup
	own.StateBucket, own.StateKey = "example-state", "alias/slipway-state-"+stack
	h.own = own
	for i, r := range h.plan.Resources { // docker's provider has no region
		if r.Region == "" {
			h.plan.Resources[i].Region = region
		}
	}
	h.deployer, h.reader = documents(t, own)
	var err error
	if h.known, err = reference.Load(); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h held) app() string {
	for _, r := range h.plan.Resources {
		if tags, ok := r.Inputs["tags"].(map[string]any); ok {
			app, _ := tags[aws.TagApp].(string)
			return app
		}
	}
	return ""
}

func documents(t *testing.T, s rights.Stack) (deployer, reader []rights.Document) {
	t.Helper()
	policies, err := rights.Deployer(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range policies {
		deployer = append(deployer, p.Document)
	}
	p, err := rights.Reader(s)
	if err != nil {
		t.Fatal(err)
	}
	return deployer, []rights.Document{p.Document}
}
