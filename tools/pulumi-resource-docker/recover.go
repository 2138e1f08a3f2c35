package main

import (
	"context"
	"strings"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// recoverLimit bounds the search for a container that was created but didn't come up.
const recoverLimit = 20 * time.Second

// keepCreated turns the failure of creating a container into one that carries the container, when there is one by now.
//
// The upstream provider creates a container, starts it, uploads files and waits for its health, and may fail at each
// step. The official plugin then keeps the container in the state as one that isn't initialised, so that the next update
// repairs and a destroy removes it. The bridge forgets it when the provider is loaded dynamically: it would stay behind
// with its name and ports, and every later update would fail on them.
func keepCreated(ctx context.Context, conn grpc.ClientConnInterface, q *pulumirpc.CreateRequest, started time.Time, failure error) error {
	name := q.GetProperties().GetFields()["name"].GetStringValue()
	if q.GetPreview() || name == "" || strings.Contains(failure.Error(), "is already in use by container") {
		return failure
	}
	// The call's own context may be over: an interrupt is one of the ways to get here.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recoverLimit)
	defer cancel()
	client := pulumirpc.NewResourceProviderClient(conn)
	id := findContainer(ctx, client, name, started)
	if id == "" {
		return failure
	}
	found, err := client.Read(ctx, &pulumirpc.ReadRequest{
		Id: id, Urn: q.GetUrn(), Name: q.GetName(), Type: q.GetType(), Properties: &structpb.Struct{}, Inputs: &structpb.Struct{},
	})
	if err != nil || found.GetId() == "" {
		return failure
	}
	// What the provider was asked for stands above what it reads back, which lacks all that only it knows (wait, mustRun).
	state := proto.CloneOf(found.GetProperties())
	put(state, q.GetProperties().GetFields())
	// Describes the state as it was read, which this no longer is; the bridge does without.
	delete(state.Fields, "__pulumi_raw_state_delta")
	message := status.Convert(failure).Message()
	kept, err := status.New(codes.Unknown, message).WithDetails(&pulumirpc.ErrorResourceInitFailed{
		Id: id, Properties: state, Inputs: q.GetProperties(), Reasons: []string{message},
	})
	if err != nil {
		return failure
	}
	return kept.Err()
}

// findContainer returns the id of the container of that name if it was created since then.
func findContainer(ctx context.Context, client pulumirpc.ResourceProviderClient, name string, since time.Time) string {
	r, err := client.Invoke(ctx, &pulumirpc.InvokeRequest{Tok: "docker:index/getContainers:getContainers", Args: &structpb.Struct{}})
	if err != nil {
		return ""
	}
	for _, v := range r.GetReturn().GetFields()["containers"].GetListValue().GetValues() {
		fields := v.GetStructValue().GetFields()
		// Whole seconds, hence the one that is taken off.
		if int64(fields["created"].GetNumberValue()) < since.Unix()-1 {
			continue
		}
		for _, n := range fields["names"].GetListValue().GetValues() {
			if strings.TrimPrefix(n.GetStringValue(), "/") == name {
				return fields["id"].GetStringValue()
			}
		}
	}
	return ""
}
