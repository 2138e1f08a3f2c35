package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/slipway-iac/slipway/tools/plugin"
)

// message is a gRPC message that is forwarded as it came.
type message struct{ bytes []byte }

// asIs is a codec that leaves messages in their encoded form. It goes by the name of the usual one because that is what
// the other side of the wire speaks.
type asIs struct{}

func (asIs) Name() string { return "proto" }

func (asIs) Marshal(v any) ([]byte, error) {
	m, ok := v.(*message)
	if !ok {
		return nil, fmt.Errorf("forwarding a %T", v)
	}
	return m.bytes, nil
}

func (asIs) Unmarshal(data []byte, v any) error {
	m, ok := v.(*message)
	if !ok {
		return fmt.Errorf("forwarding a %T", v)
	}
	// The buffer belongs to gRPC and is used again.
	m.bytes = append([]byte(nil), data...)
	return nil
}

// newServer forwards every call to the bridge. Calls named in the table of rewrites are decoded and rewritten on the
// way in and out; all others, also those that a newer engine may bring, pass as they are.
func newServer(conn grpc.ClientConnInterface) *grpc.Server {
	handler := func(_ any, stream grpc.ServerStream) error {
		method, ok := grpc.MethodFromServerStream(stream)
		if !ok {
			return status.Error(codes.Internal, "a call without a method")
		}
		if r, ok := rewrites[method]; ok {
			return forwardRewritten(stream, conn, method, r)
		}
		return forward(stream, conn, method)
	}
	return grpc.NewServer(grpc.UnknownServiceHandler(handler), grpc.ForceServerCodec(asIs{}),
		grpc.MaxRecvMsgSize(plugin.MaxMessage), grpc.MaxSendMsgSize(plugin.MaxMessage))
}

// forward passes a call on, whether it answers with one message or a stream of them.
func forward(stream grpc.ServerStream, conn grpc.ClientConnInterface, method string) error {
	var request message
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	child, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, method, grpc.ForceCodec(asIs{}))
	if err != nil {
		return err
	}
	if err := child.SendMsg(&request); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := child.CloseSend(); err != nil {
		return err
	}
	for {
		var reply message
		if err := child.RecvMsg(&reply); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(&reply); err != nil {
			return err
		}
	}
}

func forwardRewritten(stream grpc.ServerStream, conn grpc.ClientConnInterface, method string, r rewrite) error {
	var in message
	if err := stream.RecvMsg(&in); err != nil {
		return err
	}
	request, reply := r.request(), r.reply()
	if err := proto.Unmarshal(in.bytes, request); err != nil {
		return status.Errorf(codes.Internal, "reading %s: %v", method, err)
	}
	after, e := r.before(request)
	started := time.Now()
	if err := conn.Invoke(stream.Context(), method, request, reply); err != nil {
		if q, ok := request.(*pulumirpc.CreateRequest); ok && e.official == containerToken {
			err = keepCreated(stream.Context(), conn, q, started, err)
		}
		return e.rewriteError(err)
	}
	after(reply)
	out, err := proto.Marshal(reply)
	if err != nil {
		return status.Errorf(codes.Internal, "writing the answer of %s: %v", method, err)
	}
	return stream.SendMsg(&message{bytes: out})
}
