package awscloud

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	quotatypes "github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"github.com/slipway-iac/slipway/cli/toolchain"
	driver "github.com/slipway-iac/slipway/providers/aws"
	"github.com/slipway-iac/slipway/providers/aws/spec"
	"github.com/slipway-iac/slipway/stacks"
)

// quota is the account's value of a quota in the stack's region, or everybody's where the account has none of its own.
// https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
func (a inquiry) quota(ctx context.Context, q spec.Quota) (float64, error) {
	client := servicequotas.NewFromConfig(a.conf)
	answer, err := client.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: &q.Service, QuotaCode: &q.Code})
	var untouched *quotatypes.NoSuchResourceException
	if errors.As(err, &untouched) { // nobody has ever changed it
		standard, err := client.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: &q.Service, QuotaCode: &q.Code})
		if err != nil {
			return 0, reason(ctx, err)
		}
		if standard.Quota == nil || standard.Quota.Value == nil {
			return 0, errors.New("AWS has no value for " + q.Title)
		}
		return *standard.Quota.Value, nil
	}
	if err != nil {
		return 0, reason(ctx, err)
	}
	if answer.Quota == nil || answer.Quota.Value == nil {
		return 0, errors.New("AWS has no value for " + q.Title)
	}
	return *answer.Quota.Value, nil
}

func (a inquiry) raise(q spec.Quota, to float64) string {
	return fmt.Sprintf("aws service-quotas request-service-quota-increase --region %s --service-code %s --quota-code %s --desired-value %g, which may take a day", a.config.Region, q.Service, q.Code, math.Ceil(to))
}

// fargate asks whether all tasks fit at once: as many as scaling may start, and as many again of a candidate or of a rolling deployment.
func (a inquiry) fargate(ctx context.Context) toolchain.Finding {
	q := spec.FargateQuota
	if a.config.AWS.Spot {
		q = spec.FargateSpotQuota
	}
	has, err := a.quota(ctx, q)
	if err != nil {
		return unanswered("fargate", err)
	}
	one := a.config.App.CPU
	least, most := 2*one*float64(a.config.App.Replicas.Min), 2*one*float64(a.config.App.Replicas.Max)
	text := fmt.Sprintf("%s is %g; two versions at full scale take %g, at the least %g", q.Title, has, most, least)
	if has < most {
		return short("fargate", text, a.raise(q, most)+"; or a smaller app.replicas.max")
	}
	return fine("fargate", text)
}

// tagged is a thing of EC2 with its tags.
type tagged struct {
	Tags []struct {
		Key   string `xml:"key"`
		Value string `xml:"value"`
	} `xml:"tagSet>item"`
}

// others counts what is not this stack's own.
func (a inquiry) others(all []tagged) (n int) {
	for _, one := range all {
		own := false
		for _, t := range one.Tags {
			own = own || t.Key == driver.TagStack && t.Value == a.config.Project+"/"+a.config.Stack
		}
		if !own {
			n++
		}
	}
	return n
}

// room compares a quota with what others have and what the stack takes.
func (a inquiry) room(ctx context.Context, name string, q spec.Quota, others, takes int) toolchain.Finding {
	has, err := a.quota(ctx, q)
	if err != nil {
		return unanswered(name, err)
	}
	text := fmt.Sprintf("%s is %g; %d are in use, and this stack takes %d", q.Title, has, others, takes)
	if float64(others+takes) > has {
		return short(name, text, a.raise(q, float64(others+takes)))
	}
	return fine(name, text)
}

// addresses asks for the elastic IPs of NAT gateways.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAddresses.html
func (a inquiry) addresses(ctx context.Context) toolchain.Finding {
	takes := map[string]int{driver.EgressNAT: 1, driver.EgressNATPerZone: 2}[a.config.AWS.Egress]
	if takes == 0 {
		return toolchain.Finding{}
	}
	if takes == 2 && a.config.Tier == stacks.TierProd {
		takes = 3 // one in each zone
	}
	var answer struct {
		All []tagged `xml:"addressesSet>item"`
	}
	if err := query(ctx, a.conf, "ec2", "2016-11-15", "DescribeAddresses", nil, &answer); err != nil {
		return unanswered("elastic IPs", err)
	}
	return a.room(ctx, "elastic IPs", spec.ElasticIPQuota, a.others(answer.All), takes)
}

// vpcs asks for room for one more network.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcs.html
func (a inquiry) vpcs(ctx context.Context) toolchain.Finding {
	var answer struct {
		All []tagged `xml:"vpcSet>item"`
	}
	if err := query(ctx, a.conf, "ec2", "2016-11-15", "DescribeVpcs", nil, &answer); err != nil {
		return unanswered("VPCs", err)
	}
	return a.room(ctx, "VPCs", spec.VPCQuota, a.others(answer.All), 1)
}
