// Package rights knows what a stack on AWS may do: the calls of AWS's API that each planned resource takes to be made, read, changed
// and deleted, and the policies of the roles that deploy and read a stack, narrowed to that stack. It evaluates IAM's language, so
// that the one can be held against the other. It imports no SDK.
package rights

// Phase is when a call is made.
type Phase int

// The phases of a resource's life. A read happens after each of the others too.
const (
	Create Phase = iota
	Read
	Update
	Delete
)

// Call are calls of AWS's API for one resource, made by the provider or by a service in the caller's name.
type Call struct {
	When Phase
	// Actions are IAM's names of the calls, separated by blanks. Required.
	Actions string
	// On are the things that each call is about, separated by blanks: ARNs, or service:thing in the resource's account and region.
	// A {name} is the resource's output or input of that name; a list stands for one thing each, and a thing whose property is not
	// set is left out. "*" is none. Default: the row's ARN.
	On string
	// Keys are the condition keys of the request, beside tags: values with {name} as above.
	Keys map[string]string
	// If leaves the calls out where this property is not set. Default: always made.
	If string
}

// Row are the calls of one type of resource.
type Row struct {
	Type string // Pulumi's token
	ARN  string // of the resource itself, written like Call.On
	// Calls are those that the provider makes, as far as its source and AWS's documentation tell.
	Calls []Call
}

// rows are all types that a stack can have. The calls are those of terraform-provider-aws v5, on which pulumi-aws v6 is built, and
// what AWS's services ask of the caller beside them.
//   - https://github.com/hashicorp/terraform-provider-aws/tree/v5.100.0/internal/service
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
func rows() []Row {
	var all []Row
	for _, part := range [][]Row{networkRows, balancerRows, edgeRows, bucketRows, appRows, alarmRows, roleRows, dataRows} {
		all = append(all, part...)
	}
	return all
}

// These are the calls of a phase about the resource itself; read are those that are about no one thing.
func made(actions string) Call    { return Call{When: Create, Actions: actions} }
func read(actions string) Call    { return Call{When: Read, Actions: actions, On: "*"} }
func looked(actions string) Call  { return Call{When: Read, Actions: actions} }
func changed(actions string) Call { return Call{When: Update, Actions: actions} }
func removed(actions string) Call { return Call{When: Delete, Actions: actions} }

// on says what the calls are about.
func (c Call) on(things string) Call {
	c.On = things
	return c
}

// with adds a condition key to the requests.
func (c Call) with(key, value string) Call {
	keys := map[string]string{key: value}
	for k, v := range c.Keys {
		keys[k] = v
	}
	c.Keys = keys
	return c
}

// given leaves the calls out where the property is not set.
func (c Call) given(property string) Call {
	c.If = property
	return c
}

// passed is a role that is handed to a service.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func passed(phase Phase, role, service string) Call {
	return Call{When: phase, Actions: "iam:PassRole", On: "{" + role + "}", If: role}.with("iam:PassedToService", service)
}

// linked is the role that a service makes for itself when it is first used in an account.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
func linked(service, role string) Call {
	return Call{When: Create, Actions: "iam:CreateServiceLinkedRole", On: "iam:role/aws-service-role/" + service + "/" + role}.with("iam:AWSServiceName", service)
}
