package rights

// networkRows are what EC2 takes. Things that are made with tags need ec2:CreateTags too, bound to the action that makes them.
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
//   - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
var networkRows = []Row{
	{Type: "aws:ec2/vpc:Vpc", ARN: "{arn}", Calls: ec2("CreateVpc", "ec2:vpc/*", "",
		read("ec2:DescribeVpcs ec2:DescribeNetworkAcls ec2:DescribeRouteTables ec2:DescribeSecurityGroups"), looked("ec2:DescribeVpcAttribute"),
		changed("ec2:ModifyVpcAttribute"), removed("ec2:DeleteVpc"))},
	{Type: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", ARN: "{arn}", Calls: []Call{
		made("ec2:RevokeSecurityGroupIngress ec2:RevokeSecurityGroupEgress ec2:CreateTags"), read("ec2:DescribeSecurityGroups"), changed("ec2:CreateTags ec2:DeleteTags"),
	}},
	{Type: "aws:ec2/internetGateway:InternetGateway", ARN: "{arn}", Calls: ec2("CreateInternetGateway", "ec2:internet-gateway/*", "",
		made("ec2:AttachInternetGateway").on("{arn} ec2:vpc/{vpcId}"), read("ec2:DescribeInternetGateways"),
		removed("ec2:DetachInternetGateway").on("{arn} ec2:vpc/{vpcId}"), removed("ec2:DeleteInternetGateway"))},
	{Type: "aws:ec2/subnet:Subnet", ARN: "{arn}", Calls: ec2("CreateSubnet", "ec2:subnet/*", "ec2:vpc/{vpcId}",
		read("ec2:DescribeSubnets ec2:DescribeNetworkInterfaces"), changed("ec2:ModifySubnetAttribute"), removed("ec2:DeleteSubnet"))},
	{Type: "aws:ec2/routeTable:RouteTable", ARN: "{arn}", Calls: ec2("CreateRouteTable", "ec2:route-table/*", "ec2:vpc/{vpcId}",
		read("ec2:DescribeRouteTables"), removed("ec2:DeleteRouteTable"))},
	{Type: "aws:ec2/route:Route", ARN: "ec2:route-table/{routeTableId}", Calls: []Call{
		made("ec2:CreateRoute"), read("ec2:DescribeRouteTables"), changed("ec2:ReplaceRoute"), removed("ec2:DeleteRoute"),
	}},
	{Type: "aws:ec2/routeTableAssociation:RouteTableAssociation", ARN: "ec2:route-table/{routeTableId} ec2:subnet/{subnetId}", Calls: []Call{
		made("ec2:AssociateRouteTable"), read("ec2:DescribeRouteTables"), changed("ec2:ReplaceRouteTableAssociation"), removed("ec2:DisassociateRouteTable"),
	}},
	{Type: "aws:ec2/eip:Eip", ARN: "{arn}", Calls: ec2("AllocateAddress", "ec2:elastic-ip/*", "",
		read("ec2:DescribeAddresses ec2:DescribeAddressesAttribute"), removed("ec2:DisassociateAddress ec2:ReleaseAddress"))},
	{Type: "aws:ec2/natGateway:NatGateway", ARN: "ec2:natgateway/{id}", Calls: ec2("CreateNatGateway", "ec2:natgateway/*", "ec2:subnet/{subnetId} ec2:elastic-ip/{allocationId}",
		read("ec2:DescribeNatGateways"), removed("ec2:DeleteNatGateway"))},
	{Type: "aws:ec2/securityGroup:SecurityGroup", ARN: "{arn}", Calls: ec2("CreateSecurityGroup", "ec2:security-group/*", "ec2:vpc/{vpcId}",
		made("ec2:RevokeSecurityGroupEgress").on("{arn}"), read("ec2:DescribeSecurityGroups ec2:DescribeNetworkInterfaces"), removed("ec2:DeleteSecurityGroup"))},
	{Type: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", ARN: "{arn}", Calls: ec2("AuthorizeSecurityGroupEgress", "ec2:security-group-rule/*", "ec2:security-group/{securityGroupId}",
		read("ec2:DescribeSecurityGroupRules"), changed("ec2:ModifySecurityGroupRules").on("{arn} ec2:security-group/{securityGroupId}"),
		removed("ec2:RevokeSecurityGroupEgress").on("ec2:security-group/{securityGroupId}"))},
	{Type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", ARN: "{arn}", Calls: ec2("AuthorizeSecurityGroupIngress", "ec2:security-group-rule/*", "ec2:security-group/{securityGroupId}",
		read("ec2:DescribeSecurityGroupRules"), changed("ec2:ModifySecurityGroupRules").on("{arn} ec2:security-group/{securityGroupId}"),
		removed("ec2:RevokeSecurityGroupIngress").on("ec2:security-group/{securityGroupId}"))},
	// A name of the endpoint's own in the VPC is a private zone that Route 53 joins to it, in the caller's name.
	// https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
	{Type: "aws:ec2/vpcEndpoint:VpcEndpoint", ARN: "{arn}", Calls: ec2("CreateVpcEndpoint", "ec2:vpc-endpoint/*", "ec2:vpc/{vpcId} ec2:route-table/{routeTableIds} ec2:subnet/{subnetIds} ec2:security-group/{securityGroupIds}",
		made("route53:AssociateVPCWithHostedZone").on("arn:{partition}:route53:::hostedzone/*").given("privateDnsEnabled"),
		read("ec2:DescribeVpcEndpoints ec2:DescribePrefixLists ec2:DescribeNetworkInterfaces"), changed("ec2:ModifyVpcEndpoint"), removed("ec2:DeleteVpcEndpoints"))},
	// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
	{Type: "aws:ec2/flowLog:FlowLog", ARN: "{arn}", Calls: ec2("CreateFlowLogs", "ec2:vpc-flow-log/*", "ec2:vpc/{vpcId}",
		passed(Create, "iamRoleArn", "vpc-flow-logs.amazonaws.com"), read("ec2:DescribeFlowLogs"), removed("ec2:DeleteFlowLogs"))},
}

// ec2 are the calls of a thing that is made with its tags. own is what is made, within what it is made in.
func ec2(action, own, within string, more ...Call) []Call {
	calls := []Call{
		made("ec2:" + action).on(own + " " + within),
		made("ec2:CreateTags").on(own).with("ec2:CreateAction", action),
		changed("ec2:CreateTags ec2:DeleteTags"),
	}
	return append(calls, more...)
}

// balancerRows are what Elastic Load Balancing takes. Since 2023 the service looks, with the caller's rights, whether a security
// group may be used in the VPC, which its own reference does not say.
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
//   - https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/3917
var balancerRows = []Row{
	{Type: "aws:lb/loadBalancer:LoadBalancer", ARN: "{arn}", Calls: []Call{
		made("elasticloadbalancing:CreateLoadBalancer elasticloadbalancing:AddTags elasticloadbalancing:ModifyLoadBalancerAttributes"),
		made("ec2:GetSecurityGroupsForVpc").on("ec2:vpc/{vpcId}"), linked("elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing"),
		read("ec2:DescribeVpcs ec2:DescribeSubnets ec2:DescribeSecurityGroups ec2:DescribeInternetGateways ec2:DescribeNetworkInterfaces " +
			"elasticloadbalancing:DescribeLoadBalancers elasticloadbalancing:DescribeLoadBalancerAttributes elasticloadbalancing:DescribeTags elasticloadbalancing:DescribeCapacityReservation"),
		changed("elasticloadbalancing:ModifyLoadBalancerAttributes elasticloadbalancing:SetSecurityGroups elasticloadbalancing:SetSubnets elasticloadbalancing:SetIpAddressType " +
			"elasticloadbalancing:AddTags elasticloadbalancing:RemoveTags"),
		{When: Update, Actions: "ec2:GetSecurityGroupsForVpc", On: "ec2:vpc/{vpcId}"},
		removed("elasticloadbalancing:DeleteLoadBalancer"),
	}},
	{Type: "aws:lb/targetGroup:TargetGroup", ARN: "{arn}", Calls: []Call{
		made("elasticloadbalancing:CreateTargetGroup elasticloadbalancing:AddTags elasticloadbalancing:ModifyTargetGroupAttributes"),
		read("elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:DescribeTargetGroupAttributes elasticloadbalancing:DescribeTags"),
		changed("elasticloadbalancing:ModifyTargetGroup elasticloadbalancing:ModifyTargetGroupAttributes elasticloadbalancing:AddTags elasticloadbalancing:RemoveTags"),
		removed("elasticloadbalancing:DeleteTargetGroup"),
	}},
	{Type: "aws:lb/listener:Listener", ARN: "{arn}", Calls: []Call{
		made("elasticloadbalancing:CreateListener").on("{loadBalancerArn}"), made("elasticloadbalancing:AddTags elasticloadbalancing:ModifyListenerAttributes"),
		read("elasticloadbalancing:DescribeListeners elasticloadbalancing:DescribeListenerAttributes elasticloadbalancing:DescribeTags"),
		changed("elasticloadbalancing:ModifyListener elasticloadbalancing:ModifyListenerAttributes elasticloadbalancing:AddTags elasticloadbalancing:RemoveTags"),
		removed("elasticloadbalancing:DeleteListener"),
	}},
	{Type: "aws:lb/listenerRule:ListenerRule", ARN: "{arn}", Calls: []Call{
		made("elasticloadbalancing:CreateRule").on("{listenerArn}"), made("elasticloadbalancing:AddTags"),
		read("elasticloadbalancing:DescribeRules elasticloadbalancing:DescribeTags"),
		changed("elasticloadbalancing:ModifyRule elasticloadbalancing:SetRulePriorities elasticloadbalancing:AddTags elasticloadbalancing:RemoveTags"),
		removed("elasticloadbalancing:DeleteRule"),
	}},
}
