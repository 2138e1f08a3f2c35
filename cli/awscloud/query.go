package awscloud

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// answerLimit bounds what is read of an answer.
const answerLimit = 8 << 20

// query asks a service that speaks AWS's Query protocol, and reads its XML into out. EC2 and RDS are asked three questions here; their
// packages of the SDK would double what is compiled.
//   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
func query(ctx context.Context, c aws.Config, service, version, action string, params map[string]string, out any) error {
	form := url.Values{"Action": {action}, "Version": {version}}
	for name, value := range params {
		form.Set(name, value)
	}
	endpoint := fmt.Sprintf("https://%s.%s.amazonaws.com/", service, c.Region)
	if c.BaseEndpoint != nil {
		endpoint = *c.BaseEndpoint
	}
	status, text, err := send(ctx, c, service, endpoint, form.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}})
	switch {
	case err != nil:
		return fmt.Errorf("asking %s: %w", service, err)
	case status != http.StatusOK:
		return refusal(service, action, text)
	}
	if err := xml.Unmarshal(text, out); err != nil {
		return fmt.Errorf("reading the answer of %s to %s: %w", service, action, err)
	}
	return nil
}

// planState asks on which plan the account is: FREE or PAID.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_freetier_GetAccountPlanState.html
func planState(ctx context.Context, c aws.Config) (string, error) {
	c.Region = "us-east-1"
	endpoint := "https://freetier.us-east-1.api.aws/"
	if c.BaseEndpoint != nil {
		endpoint = *c.BaseEndpoint
	}
	status, text, err := send(ctx, c, "freetier", endpoint, "{}", http.Header{
		"Content-Type": {"application/x-amz-json-1.0"}, "X-Amz-Target": {"AWSFreeTierService.GetAccountPlanState"},
	})
	if err != nil {
		return "", fmt.Errorf("asking freetier: %w", err)
	}
	var answer struct {
		Plan    string `json:"accountPlanType"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(text, &answer); err != nil || status != http.StatusOK || answer.Plan == "" {
		return "", fmt.Errorf("freetier does not tell the account's plan: %s", cmp.Or(answer.Message, http.StatusText(status)))
	}
	return answer.Plan, nil
}

// send signs a request and sends it.
func send(ctx context.Context, c aws.Config, service, endpoint, body string, header http.Header) (status int, text []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header = header
	credentials, err := c.Credentials.Retrieve(ctx)
	if err != nil {
		return 0, nil, err
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(sum[:]), service, c.Region, time.Now()); err != nil {
		return 0, nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	return answer.StatusCode, text, err
}

// refusal is an error in a service's own words, of which EC2 wraps its own in one more element than RDS.
func refusal(service, action string, text []byte) error {
	var e struct {
		Code    string `xml:"Error>Code"`
		EC2Code string `xml:"Errors>Error>Code"`
		EC2Text string `xml:"Errors>Error>Message"`
		Message string `xml:"Error>Message"`
	}
	if xml.Unmarshal(text, &e) != nil || e.Code+e.EC2Code == "" {
		return fmt.Errorf("%s refuses %s", service, action)
	}
	return fmt.Errorf("%s answers %s to %s: %s", service, e.Code+e.EC2Code, action, e.Message+e.EC2Text)
}
