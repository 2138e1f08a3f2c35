package pluginstest

import (
	"context"
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// native is like a provider of Pulumi's own: it takes secrets, names no property in its failures, makes no previews, compares inputs with
// inputs, and tells no details of a difference.
type native struct {
	pulumirpc.UnimplementedResourceProviderServer
}

func (n *native) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "v" + Version}, nil
}

func (n *native) Handshake(context.Context, *pulumirpc.ProviderHandshakeRequest) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{AcceptSecrets: true, AcceptResources: true}, nil
}

func (n *native) Configure(_ context.Context, r *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	config := r.GetVariables() //nolint:staticcheck // as azure-native does
	if !r.GetSendsOldInputs() || config["azure-native:config:clientSecret"] == "" || config["azure-native:config:location"] == "" {
		return nil, errors.New("it would have to ask Azure")
	}
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, AcceptResources: true}, nil
}

func (n *native) Check(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	news := read(r.GetNews())
	answer := &pulumirpc.CheckResponse{Inputs: r.GetNews()}
	if v, ok := news["password"]; ok && !v.IsSecret() && !v.IsComputed() {
		answer.Failures = append(answer.Failures, &pulumirpc.CheckFailure{Property: "password", Reason: "the secret has come as plain text"})
	}
	if !news.HasValue("sku") {
		answer.Failures = append(answer.Failures, &pulumirpc.CheckFailure{Reason: "missing required property 'sku'"})
	}
	return answer, nil
}

// Diff tells no details, and says which properties differ alone.
func (n *native) Diff(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	if r.GetOldInputs() == nil {
		return nil, errors.New("no inputs before")
	}
	olds, news := read(r.GetOldInputs()), read(r.GetNews())
	out := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}
	for _, key := range news.StableKeys() {
		if news[key].DeepEquals(olds[key]) {
			continue
		}
		out.Changes, out.Diffs = pulumirpc.DiffResponse_DIFF_SOME, append(out.Diffs, string(key))
		if key == resource.PropertyKey("sku") {
			out.Replaces, out.DeleteBeforeReplace = append(out.Replaces, string(key)), true
		}
	}
	return out, nil
}
