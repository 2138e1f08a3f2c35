package main

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// rewrite is how one method's request and reply are rewritten. before changes the request and returns what is to be
// done with the reply.
type rewrite struct {
	request, reply func() proto.Message
	before         func(request proto.Message) (after func(reply proto.Message), e entry)
}

const service = "/pulumirpc.ResourceProvider/"

// rewrites are the methods that carry tokens or properties. All others pass as they are.
var rewrites = map[string]rewrite{
	service + "CheckConfig":   of[pulumirpc.CheckRequest, pulumirpc.CheckResponse](checkConfig),
	service + "DiffConfig":    of[pulumirpc.DiffRequest, pulumirpc.DiffResponse](diffConfig),
	service + "Configure":     of[pulumirpc.ConfigureRequest, pulumirpc.ConfigureResponse](configure),
	service + "Check":         of[pulumirpc.CheckRequest, pulumirpc.CheckResponse](check),
	service + "Diff":          of[pulumirpc.DiffRequest, pulumirpc.DiffResponse](diff),
	service + "Create":        of[pulumirpc.CreateRequest, pulumirpc.CreateResponse](create),
	service + "Read":          of[pulumirpc.ReadRequest, pulumirpc.ReadResponse](read),
	service + "Update":        of[pulumirpc.UpdateRequest, pulumirpc.UpdateResponse](update),
	service + "Delete":        of[pulumirpc.DeleteRequest, emptypb.Empty](remove),
	service + "Invoke":        of[pulumirpc.InvokeRequest, pulumirpc.InvokeResponse](invoke),
	service + "GetPluginInfo": of[emptypb.Empty, pulumirpc.PluginInfo](pluginInfo),
}

// message of T is a pointer to it that is a protobuf message.
type messageOf[T any] interface {
	*T
	proto.Message
}

func of[Q, R any, PQ messageOf[Q], PR messageOf[R]](before func(PQ) (func(PR), entry)) rewrite {
	return rewrite{
		request: func() proto.Message { return PQ(new(Q)) },
		reply:   func() proto.Message { return PR(new(R)) },
		before: func(request proto.Message) (func(proto.Message), entry) {
			after, e := before(request.(PQ))
			return func(reply proto.Message) {
				if after != nil {
					after(reply.(PR))
				}
			}, e
		},
	}
}

func checkConfig(q *pulumirpc.CheckRequest) (func(*pulumirpc.CheckResponse), entry) {
	configuration.toBridge(q.GetOlds(), "")
	configuration.toBridge(q.GetNews(), "")
	return func(r *pulumirpc.CheckResponse) {
		configuration.toOfficial(r.GetInputs())
		configuration.renameFailures(r)
	}, configuration
}

func diffConfig(q *pulumirpc.DiffRequest) (func(*pulumirpc.DiffResponse), entry) {
	for _, s := range []*structpb.Struct{q.GetOlds(), q.GetNews(), q.GetOldInputs()} {
		configuration.toBridge(s, "")
	}
	return configuration.renameDiff, configuration
}

func configure(q *pulumirpc.ConfigureRequest) (func(*pulumirpc.ConfigureResponse), entry) {
	// The older form of the configuration, a map of strings, is sent as well; the bridge reads this one.
	configuration.toBridge(q.GetArgs(), "")
	return nil, configuration
}

func check(q *pulumirpc.CheckRequest) (func(*pulumirpc.CheckResponse), entry) {
	e := lookup(typeOf(q.GetUrn()))
	named := has(q.GetNews(), "name")
	q.Urn, q.Type = bridgedURN(q.GetUrn()), e.bridged
	dropped := e.take(q.GetNews())
	e.take(q.GetOlds())
	if e.autonamed && !named && nameIsGiven(q.GetOlds()) {
		// The bridge keeps an old name for as long as the program gives none, also one that the program gave before.
		delete(q.Olds.Fields, "name")
	}
	e.toBridge(q.GetOlds(), "")
	e.toBridge(q.GetNews(), "")
	return func(r *pulumirpc.CheckResponse) {
		e.toOfficial(r.GetInputs())
		e.renameFailures(r)
		if len(r.GetFailures()) > 0 || r.GetInputs() == nil {
			return
		}
		for k, v := range dropped {
			r.Inputs.Fields[k] = v
		}
		if e.autonamed {
			markName(r.GetInputs(), named)
		}
	}, e
}

func diff(q *pulumirpc.DiffRequest) (func(*pulumirpc.DiffResponse), entry) {
	e := lookup(typeOf(q.GetUrn()))
	q.Urn, q.Type = bridgedURN(q.GetUrn()), e.bridged
	deleteFirst := e.deleteFirst || e.autonamed && nameIsGiven(q.GetNews())
	e.take(q.GetNews())
	e.take(q.GetOldInputs())
	e.take(q.GetOlds())
	e.toBridge(q.GetOlds(), q.GetId())
	e.toBridge(q.GetNews(), "")
	e.toBridge(q.GetOldInputs(), "")
	for i, path := range q.GetIgnoreChanges() {
		q.IgnoreChanges[i] = e.bridgedPath(path)
	}
	return func(r *pulumirpc.DiffResponse) {
		e.renameDiff(r)
		r.DeleteBeforeReplace = r.GetDeleteBeforeReplace() || deleteFirst && len(r.GetReplaces()) > 0
	}, e
}

func create(q *pulumirpc.CreateRequest) (func(*pulumirpc.CreateResponse), entry) {
	e := lookup(typeOf(q.GetUrn()))
	q.Urn, q.Type = bridgedURN(q.GetUrn()), e.bridged
	dropped := e.take(q.GetProperties())
	e.toBridge(q.GetProperties(), "")
	return func(r *pulumirpc.CreateResponse) {
		e.toOfficial(r.GetProperties())
		put(r.GetProperties(), dropped)
	}, e
}

func read(q *pulumirpc.ReadRequest) (func(*pulumirpc.ReadResponse), entry) {
	e := lookup(typeOf(q.GetUrn()))
	q.Urn, q.Type = bridgedURN(q.GetUrn()), e.bridged
	defaults := q.GetInputs().GetFields()[defaultsKey]
	inputs, state := e.take(q.GetInputs()), e.take(q.GetProperties())
	// An import knows the id alone, and the bridge takes an empty state for one.
	id := q.GetId()
	if len(q.GetProperties().GetFields()) == 0 {
		id = ""
	}
	e.toBridge(q.GetInputs(), "")
	e.toBridge(q.GetProperties(), id)
	return func(r *pulumirpc.ReadResponse) {
		e.toOfficial(r.GetInputs())
		e.toOfficial(r.GetProperties())
		put(r.GetInputs(), inputs)
		put(r.GetProperties(), state)
		if defaults != nil && r.GetInputs() != nil {
			put(r.GetInputs(), map[string]*structpb.Value{defaultsKey: defaults})
		}
	}, e
}

func update(q *pulumirpc.UpdateRequest) (func(*pulumirpc.UpdateResponse), entry) {
	e := lookup(typeOf(q.GetUrn()))
	q.Urn, q.Type = bridgedURN(q.GetUrn()), e.bridged
	dropped := e.take(q.GetNews())
	e.take(q.GetOlds())
	e.take(q.GetOldInputs())
	e.toBridge(q.GetOlds(), q.GetId())
	e.toBridge(q.GetNews(), "")
	e.toBridge(q.GetOldInputs(), "")
	for i, path := range q.GetIgnoreChanges() {
		q.IgnoreChanges[i] = e.bridgedPath(path)
	}
	return func(r *pulumirpc.UpdateResponse) {
		e.toOfficial(r.GetProperties())
		put(r.GetProperties(), dropped)
	}, e
}

func remove(q *pulumirpc.DeleteRequest) (func(*emptypb.Empty), entry) {
	e := lookup(typeOf(q.GetUrn()))
	q.Urn, q.Type = bridgedURN(q.GetUrn()), e.bridged
	e.take(q.GetProperties())
	e.take(q.GetOldInputs())
	e.toBridge(q.GetProperties(), q.GetId())
	e.toBridge(q.GetOldInputs(), "")
	return nil, e
}

func invoke(q *pulumirpc.InvokeRequest) (func(*pulumirpc.InvokeResponse), entry) {
	e := lookup(q.GetTok())
	q.Tok = e.bridged
	return nil, e
}

func pluginInfo(*emptypb.Empty) (func(*pulumirpc.PluginInfo), entry) {
	return func(r *pulumirpc.PluginInfo) { r.Version = version }, entry{}
}
