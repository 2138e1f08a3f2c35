package aws

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// The folders of the bucket with the load balancer's logs.
const (
	requestLogs    = "requests"
	connectionLogs = "connections"
)

// accessLogs makes the bucket that the load balancer writes its logs to: nothing but Elastic Load Balancing, for load balancers of
// this account, may write. The output is the bucket's name once its policy stands: a load balancer refuses a bucket that it
// can't write to.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
func (p *Platform) accessLogs(ctx *pulumi.Context, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	bucket, ready, err := p.logBucket(ctx, "alb-logs", "BucketOwnerEnforced", p.accessLogsWriter, p.cloudOpts(opts))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return after(ctx, bucket.ID().ToStringOutput(), ready...), nil
}

// accessLogsWriter lets Elastic Load Balancing write. It writes the logs of another account's load balancer below that account's
// number, so the paths are what binds it. A condition on the source would turn the permission into none: unlike other services it
// does not say whom it writes for.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html#attach-bucket-policy
func (p *Platform) accessLogsWriter(bucket pulumi.StringOutput) []statement {
	var folders pulumi.StringArray
	for _, folder := range []string{requestLogs, connectionLogs} {
		folders = append(folders, pulumi.Sprintf("%s/%s/AWSLogs/%s/*", bucket, folder, p.account))
	}
	return []statement{{
		"Sid": pulumi.String("LoadBalancersOfThisAccount"), "Effect": pulumi.String("Allow"), "Action": pulumi.String("s3:PutObject"), "Resource": folders,
		"Principal": pulumi.Map{"Service": pulumi.String("logdelivery.elasticloadbalancing.amazonaws.com")},
	}}
}
