package spec

// Quota is a limit of an account in a region, in AWS Service Quotas.
type Quota struct {
	// Service and Code name it there, such as "fargate" and "L-3032A538".
	Service, Code string
	// Title is what it limits.
	Title string
}

// The quotas that a stack meets first. New accounts often start with less than AWS's documented defaults.
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
//   - https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
var (
	FargateQuota     = Quota{"fargate", "L-3032A538", "Fargate On-Demand vCPU resource count"}
	FargateSpotQuota = Quota{"fargate", "L-36FBB829", "Fargate Spot vCPU resource count"}
	ElasticIPQuota   = Quota{"ec2", "L-0263D0A3", "EC2-VPC Elastic IPs"}
	VPCQuota         = Quota{"vpc", "L-F678F1CE", "VPCs per Region"}
)
