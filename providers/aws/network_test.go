package aws

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// networkAnswers are what AWS would say about the account and its zones.
func networkAnswers(zones ...string) []componentstest.Output {
	list := []any{}
	for _, zone := range zones {
		list = append(list, zone)
	}
	return []componentstest.Output{
		{Type: "aws:index/getCallerIdentity:getCallerIdentity", Property: "accountId", Value: "123456789012"},
		{Type: "aws:index/getPartition:getPartition", Property: "partition", Value: "aws"},
		{Type: "aws:index/getPartition:getPartition", Property: "dnsSuffix", Value: "amazonaws.com"},
		{Type: "aws:index/getAvailabilityZones:getAvailabilityZones", Property: "names", Value: list},
	}
}

// newNetworkPlatform makes a platform with typical settings, changed by change.
func newNetworkPlatform(ctx *pulumi.Context, change func(*Settings)) (*Platform, error) {
	s := Settings{Root: "/src", App: "links", Region: "eu-west-1", Egress: EgressPublic, Architecture: "arm64", DrainSeconds: 30, LogDays: 30, Scale: Scale{CPU: 60, Memory: 80}, DatabaseRoot: testRoot}
	if change != nil {
		change(&s)
	}
	return NewPlatform(ctx, s)
}

func networkProgram(change func(*Settings)) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := newNetworkPlatform(ctx, change)
		return err
	}
}

// networkOf records a platform in a region of three zones.
func networkOf(t *testing.T, change func(*Settings)) *componentstest.Recording {
	t.Helper()
	r, err := componentstest.Record(networkProgram(change), componentstest.Options{Outputs: networkAnswers("eu-west-1c", "eu-west-1a", "eu-west-1b")})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wayOut(kind string, prod bool) func(*Settings) {
	return func(s *Settings) { s.Egress, s.Prod = kind, prod }
}

func TestZones(t *testing.T) {
	for _, row := range []struct {
		name  string
		prod  bool
		zones []string
		want  []any // of the private subnets
	}{
		{"three in production, whatever their order", true, []string{"d", "b", "c", "a"}, []any{"a", "b", "c"}},
		{"two in production where there are no more", true, []string{"a", "c"}, []any{"a", "c"}},
		{"two in dev", false, []string{"a", "b", "c"}, []any{"a", "b"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := componentstest.Record(networkProgram(wayOut(EgressPublic, row.prod)), componentstest.Options{Outputs: networkAnswers(row.zones...)})
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range []string{"private", "public"} {
				var got []any
				for _, one := range r.Of("aws:ec2/subnet:Subnet") {
					if strings.HasPrefix(one.Name, kind) {
						got = append(got, one.At("availabilityZone")...)
					}
				}
				if !slices.Equal(got, row.want) {
					t.Errorf("the %s subnets are in %v, want %v", kind, got, row.want)
				}
			}
		})
	}
	_, err := componentstest.Record(networkProgram(nil), componentstest.Options{Outputs: networkAnswers("a")})
	if !errors.Is(err, components.ErrUnsupported) || !strings.Contains(err.Error(), "region: ") {
		t.Errorf("with one zone: %v, want an error that names the key region", err)
	}
}

// The answer to which zones there are must not change with the day: subnets would go, and what runs in them.
func TestZonesAskedFor(t *testing.T) {
	got := witnessed(t, nil).asked["aws:index/getAvailabilityZones:getAvailabilityZones"]
	if state, ok := got["state"]; ok {
		t.Errorf("zones are asked for by their state: %v", state)
	}
	if filter := got["filters"].ArrayValue(); len(filter) != 1 || filter[0].ObjectValue()["values"].ArrayValue()[0].StringValue() != "opt-in-not-required" {
		t.Errorf("the filter is %v, and Local Zones must be left out", filter)
	}
	var excluded []string
	for _, one := range got["excludeZoneIds"].ArrayValue() {
		excluded = append(excluded, one.StringValue())
	}
	if !slices.Equal(excluded, partial) {
		t.Errorf("%v are left out, want %v", excluded, partial)
	}
}

// A stack that exists stays where it is: no subnet's range, zone or name depends on how many zones there are or how they are called.
func TestSubnetsStay(t *testing.T) {
	dev, prod := networkOf(t, wayOut(EgressNAT, false)), networkOf(t, wayOut(EgressNAT, true))
	var ranges []netip.Prefix
	for _, one := range prod.Of("aws:ec2/subnet:Subnet") {
		text := one.At("cidrBlock")[0].(string)
		if other, ok := dev.Find(one.Type, one.Name); ok && other.At("cidrBlock")[0] != text {
			t.Errorf("%s moves from %v to %s with the third zone", one.Name, other.At("cidrBlock"), text)
		}
		if !slices.Contains(one.IgnoreChanges, "availabilityZone") {
			t.Errorf("%s would be replaced when the choice of zones changes", one.Name)
		}
		if got := one.At("mapPublicIpOnLaunch"); !slices.Equal(got, []any{false}) {
			t.Errorf("%s gives public addresses: %v", one.Name, got)
		}
		prefix := netip.MustParsePrefix(text)
		if !netip.MustParsePrefix(vpcCIDR).Contains(prefix.Addr()) || prefix != prefix.Masked() {
			t.Errorf("%s has the range %s, which is none of the VPC's", one.Name, text)
		}
		for _, other := range ranges {
			if other.Overlaps(prefix) {
				t.Errorf("%s overlaps %s", prefix, other)
			}
		}
		ranges = append(ranges, prefix)
	}
	if len(ranges) != 6 || len(dev.Of("aws:ec2/subnet:Subnet")) != 4 {
		t.Errorf("there are %d subnets in production", len(ranges))
	}
}

func TestWaysOut(t *testing.T) {
	for _, row := range []struct {
		egress     string
		prod       bool
		nats       int
		interfaces int
		routes     []string // the public one and those of the private tables
		tables     int      // of the S3 endpoint
		rules      []string // out of the tasks
	}{
		{EgressPublic, false, 0, 0, []string{"public"}, 3, []string{"tasks-to-internet"}},
		{EgressNAT, false, 1, 0, []string{"private-1", "private-2", "public"}, 2, []string{"tasks-to-internet"}},
		{EgressNAT, true, 1, 0, []string{"private-1", "private-2", "private-3", "public"}, 3, []string{"tasks-to-internet"}},
		{EgressNATPerZone, true, 3, 0, []string{"private-1", "private-2", "private-3", "public"}, 3, []string{"tasks-to-internet"}},
		{EgressEndpoints, true, 0, 5, []string{"public"}, 3, []string{"tasks-to-endpoints", "tasks-to-s3"}},
	} {
		t.Run(row.egress, func(t *testing.T) {
			r := networkOf(t, wayOut(row.egress, row.prod))
			if nats, addresses := len(r.Of("aws:ec2/natGateway:NatGateway")), len(r.Of("aws:ec2/eip:Eip")); nats != row.nats || addresses != row.nats {
				t.Errorf("there are %d NAT gateways and %d addresses, want %d", nats, addresses, row.nats)
			}
			if got := namesOf(r, "aws:ec2/route:Route"); !slices.Equal(got, row.routes) {
				t.Errorf("the routes are %v, want %v", got, row.routes)
			}
			if got := namesOf(r, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"); !slices.Equal(got, row.rules) {
				t.Errorf("the tasks reach %v, want %v", got, row.rules)
			}
			s3, _ := r.Find("aws:ec2/vpcEndpoint:VpcEndpoint", "s3")
			if got := len(s3.At("routeTableIds[*]")); got != row.tables {
				t.Errorf("S3 is in %d route tables, want %d", got, row.tables)
			}
			if got := len(r.Of("aws:ec2/vpcEndpoint:VpcEndpoint")) - 1; got != row.interfaces {
				t.Errorf("there are %d interface endpoints, want %d", got, row.interfaces)
			}
		})
	}
	if _, err := componentstest.Record(networkProgram(wayOut("nta", false)), componentstest.Options{Outputs: networkAnswers("a", "b")}); err == nil || !strings.Contains(err.Error(), "aws.egress") {
		t.Errorf("an unknown way out: %v, want an error with its key", err)
	}
}

// One NAT gateway serves all zones, or each its own.
func TestNATRoutes(t *testing.T) {
	for kind, want := range map[string][]string{EgressNAT: {"nat-1", "nat-1", "nat-1"}, EgressNATPerZone: {"nat-1", "nat-2", "nat-3"}} {
		r := networkOf(t, wayOut(kind, true))
		var got []string
		for _, one := range r.Of("aws:ec2/route:Route") {
			for _, urn := range one.Needs {
				if strings.Contains(urn, "natGateway") {
					got = append(got, urn[strings.LastIndex(urn, "::")+2:])
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the private subnets go out through %v, want %v", kind, got, want)
		}
	}
}

// Tasks start when they can reach what they need, and the internet gateway is there before anything has a public address: all
// that can't be taken down in the order of its making would leave a stack that can't be destroyed.
func TestOrder(t *testing.T) {
	for _, kind := range []string{EgressPublic, EgressNATPerZone, EgressEndpoints} {
		t.Run(kind, func(t *testing.T) {
			r, err := componentstest.Record(func(ctx *pulumi.Context) error {
				p, err := newNetworkPlatform(ctx, wayOut(kind, true))
				if err != nil {
					return err
				}
				opts := []pulumi.ResourceOption{pulumi.Parent(p)}
				for name, id := range map[string]pulumi.StringInput{"tasks": p.network.tasks, "public": p.network.public[0], "private": p.network.private[0]} {
					if err := p.allow(ctx, "probe-"+name, id, id, 1, "probe", opts); err != nil {
						return err
					}
				}
				return nil
			}, componentstest.Options{Outputs: networkAnswers("a", "b", "c")})
			if err != nil {
				t.Fatal(err)
			}
			gateway := "internetGateway:InternetGateway::internet"
			for probe, want := range map[string][]string{
				"probe-public":  {gateway, "route:Route::public", "routeTableAssociation:RouteTableAssociation::public-1"},
				"probe-private": {gateway, "routeTableAssociation:RouteTableAssociation::private-1"},
				"probe-tasks": append([]string{"vpcEndpoint:VpcEndpoint::s3"}, map[string][]string{
					EgressPublic:     {"SecurityGroupEgressRule::tasks-to-internet"},
					EgressNATPerZone: {"SecurityGroupEgressRule::tasks-to-internet", "route:Route::private-3", "natGateway:NatGateway::nat-3", "eip:Eip::nat-3", gateway},
					EgressEndpoints: {"SecurityGroupEgressRule::tasks-to-s3", "SecurityGroupEgressRule::tasks-to-endpoints", "SecurityGroupIngressRule::tasks-to-endpoints",
						"vpcEndpoint:VpcEndpoint::ecr-api", "vpcEndpoint:VpcEndpoint::ecr-dkr", "vpcEndpoint:VpcEndpoint::logs", "vpcEndpoint:VpcEndpoint::secretsmanager"},
				}[kind]...),
			} {
				before := needed(r, probe)
				for _, one := range want {
					if !slices.ContainsFunc(before, func(urn string) bool { return strings.HasSuffix(urn, one) }) {
						t.Errorf("%s does not wait for %s", probe, one)
					}
				}
			}
		})
	}
}

// needed are the URNs of all that the ingress rule called name comes after.
func needed(r *componentstest.Recording, name string) []string {
	byURN := map[string]componentstest.Resource{}
	for _, one := range r.Resources {
		byURN[one.URN] = one
	}
	start, _ := r.Find("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", name)
	var all []string
	for queue := slices.Clone(start.Needs); len(queue) > 0; queue = queue[1:] {
		if !slices.Contains(all, queue[0]) {
			all = append(all, queue[0])
			queue = append(queue, byURN[queue[0]].Needs...)
		}
	}
	return all
}

func namesOf(r *componentstest.Recording, kind string) []string {
	var out []string
	for _, one := range r.Of(kind) {
		out = append(out, one.Name)
	}
	return out
}

// EC2.2, and what else a security group may not be.
func TestSecurityGroups(t *testing.T) {
	for _, kind := range []string{EgressPublic, EgressNAT, EgressEndpoints} {
		r := networkOf(t, wayOut(kind, true))
		closed, ok := r.Find("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "default")
		if !ok || len(closed.At("ingress[*].protocol"))+len(closed.At("egress[*].protocol")) > 0 {
			t.Errorf("the default security group is not closed: %v", closed.Leaves())
		}
		for _, one := range r.Of("aws:ec2/securityGroup:SecurityGroup") {
			if text := one.At("description"); len(text) != 1 || !described.MatchString(text[0].(string)) {
				t.Errorf("group %s has the description %v", one.Name, text)
			}
			for _, leaf := range one.Leaves() {
				if strings.HasPrefix(leaf.Path, "ingress") || strings.HasPrefix(leaf.Path, "egress") {
					t.Errorf("group %s has rules of its own, which collide with the separate ones", one.Name)
				}
			}
		}
		for _, one := range append(r.Of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"), r.Of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")...) {
			if text := one.At("description"); len(text) != 1 || !described.MatchString(text[0].(string)) {
				t.Errorf("rule %s has the description %v", one.Name, text)
			}
			if got := append(one.At("ipProtocol"), append(one.At("fromPort"), one.At("toPort")...)...); !slices.Equal(got, []any{"tcp", 443.0, 443.0}) {
				t.Errorf("rule %s is for %v, want HTTPS only", one.Name, got)
			}
			if open := one.At("cidrIpv4"); len(open) > 0 && (strings.Contains(one.Type, "Ingress") || kind == EgressEndpoints) {
				t.Errorf("with %s, rule %s is open to %v", kind, one.Name, open)
			}
		}
	}
}

// A description that AWS would refuse in the middle of an update is refused before it.
func TestDescriptions(t *testing.T) {
	for description, want := range map[string]bool{"PostgreSQL from the tasks": true, "PostgreSQL from the app's tasks": false, "": false, strings.Repeat("x", 256): false} {
		_, err := componentstest.Record(func(ctx *pulumi.Context) error {
			p, err := newNetworkPlatform(ctx, nil)
			if err != nil {
				return err
			}
			opts := []pulumi.ResourceOption{pulumi.Parent(p)}
			_, err = p.securityGroup(ctx, "probe", description, opts)
			rules := p.allow(ctx, "probe", p.network.tasks, p.network.tasks, 1, description, opts)
			if (err == nil) != want || (rules == nil) != want {
				t.Errorf("%q: %v, %v", description, err, rules)
			}
			return nil
		}, componentstest.Options{Outputs: networkAnswers("a", "b")})
		if err != nil {
			t.Error(err)
		}
	}
}

// EC2.6: connections are recorded by a role that can write to the flow logs' own group only.
func TestFlowLogs(t *testing.T) {
	for prod, want := range map[bool]string{true: "ALL", false: "REJECT"} {
		r := networkOf(t, wayOut(EgressPublic, prod))
		log, _ := r.Find("aws:ec2/flowLog:FlowLog", "flow-logs")
		if got := log.At("trafficType"); !slices.Equal(got, []any{want}) {
			t.Errorf("with Prod %t the traffic recorded is %v, want %s", prod, got, want)
		}
		group, _ := r.Find("aws:cloudwatch/logGroup:LogGroup", "flow-logs")
		if len(group.At("kmsKeyId")) != 1 || !slices.Equal(group.At("retentionInDays"), []any{30.0}) {
			t.Errorf("the log group is %v", group.Leaves())
		}
		rights, _ := r.Find("aws:iam/rolePolicy:RolePolicy", "links-production-flow-logs")
		for _, c := range clauses(t, rights, "policy") {
			for _, action := range texts(c.Action) {
				if strings.Contains(action, "*") || action == "logs:CreateLogGroup" {
					t.Errorf("the role may do %s", action)
				}
			}
			listing := slices.Equal(texts(c.Action), []string{"logs:DescribeLogGroups"}) // which AWS takes for no one group
			if slices.Contains(texts(c.Resource), "*") != listing || !listing && len(texts(c.Resource)) != 2 {
				t.Errorf("the role may do %v to %v", c.Action, c.Resource)
			}
		}
	}
}

// A preview knows none of AWS's ids, and registers the same.
func TestNetworkPreview(t *testing.T) {
	for _, kind := range []string{EgressPublic, EgressNAT, EgressNATPerZone, EgressEndpoints} {
		up := networkOf(t, wayOut(kind, true))
		preview, err := componentstest.Record(networkProgram(wayOut(kind, true)), componentstest.Options{Preview: true, Outputs: networkAnswers("eu-west-1a", "eu-west-1b", "eu-west-1c")})
		if err != nil {
			t.Fatal(err)
		}
		urns := func(r *componentstest.Recording) (out []string) {
			for _, one := range r.Resources {
				out = append(out, one.URN)
			}
			return out
		}
		if !slices.Equal(urns(up), urns(preview)) {
			t.Errorf("%s: the preview registers\n%s\nand the update\n%s", kind, strings.Join(urns(preview), "\n"), strings.Join(urns(up), "\n"))
		}
	}
}
