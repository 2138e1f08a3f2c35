package main

import (
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/structpb"
)

// defaultsKey is where the official plugin keeps the names of the inputs that it filled in itself. The bridge keeps no
// such list for dynamically loaded providers and doesn't know the key.
const defaultsKey = "__defaults"

// toBridge renames the properties for the bridge. The id, where there is one, is put where the bridge keeps it in a
// state, so that a state written by the official plugin is complete too.
func (e entry) toBridge(s *structpb.Struct, id string) {
	if s == nil {
		return
	}
	stripDefaults(s)
	for official, bridged := range e.names {
		move(s, official, bridged)
	}
	if e.id != "" && id != "" && !has(s, e.id) {
		if s.Fields == nil {
			s.Fields = map[string]*structpb.Value{}
		}
		s.Fields[e.id] = structpb.NewStringValue(id)
	}
}

// toOfficial renames the properties of an answer.
func (e entry) toOfficial(s *structpb.Struct) {
	if s == nil {
		return
	}
	for official, bridged := range e.names {
		move(s, bridged, official)
	}
	delete(s.Fields, e.id)
}

func move(s *structpb.Struct, from, to string) {
	if v, ok := s.GetFields()[from]; ok {
		delete(s.Fields, from)
		s.Fields[to] = v
	}
}

// take removes the inputs that the bridge doesn't know and returns them, to be put back into the answer: the state
// must hold all of the program's inputs, or the next update would find a difference.
func (e entry) take(s *structpb.Struct) map[string]*structpb.Value {
	taken := map[string]*structpb.Value{}
	for _, name := range e.dropped {
		if v, ok := s.GetFields()[name]; ok {
			taken[name] = v
			delete(s.Fields, name)
		}
	}
	return taken
}

func put(s *structpb.Struct, fields map[string]*structpb.Value) {
	if s == nil {
		return
	}
	for k, v := range fields {
		if s.Fields == nil {
			s.Fields = map[string]*structpb.Value{}
		}
		s.Fields[k] = v
	}
}

func has(s *structpb.Struct, name string) bool {
	v, ok := s.GetFields()[name]
	if !ok {
		return false
	}
	_, null := v.GetKind().(*structpb.Value_NullValue)
	return !null
}

// stripDefaults removes the lists of defaults, which the official plugin also keeps in nested objects.
func stripDefaults(s *structpb.Struct) {
	delete(s.GetFields(), defaultsKey)
	for _, v := range s.GetFields() {
		stripValue(v)
	}
}

func stripValue(v *structpb.Value) {
	switch k := v.GetKind().(type) {
	case *structpb.Value_StructValue:
		stripDefaults(k.StructValue)
	case *structpb.Value_ListValue:
		for _, e := range k.ListValue.GetValues() {
			stripValue(e)
		}
	}
}

// markName notes, as the official plugin does, whether the name was given by the program or made up.
func markName(inputs *structpb.Struct, given bool) {
	list := &structpb.ListValue{}
	if !given && has(inputs, "name") {
		list.Values = append(list.Values, structpb.NewStringValue("name"))
	}
	put(inputs, map[string]*structpb.Value{defaultsKey: structpb.NewListValue(list)})
}

// nameIsGiven tells whether the program chose the name. Two resources of one name can't exist side by side, so such a
// resource must be deleted before its replacement is created. Inputs without a list of defaults count as named by
// chance, as they do in the official plugin.
func nameIsGiven(inputs *structpb.Struct) bool {
	defaults, ok := inputs.GetFields()[defaultsKey]
	if !ok || !has(inputs, "name") {
		return false
	}
	for _, v := range defaults.GetListValue().GetValues() {
		if v.GetStringValue() == "name" {
			return false
		}
	}
	return true
}

func (e entry) renameFailures(r *pulumirpc.CheckResponse) {
	for _, f := range r.GetFailures() {
		f.Property = e.officialPath(f.GetProperty())
	}
}

func (e entry) renameDiff(r *pulumirpc.DiffResponse) {
	for _, paths := range [][]string{r.GetReplaces(), r.GetStables(), r.GetDiffs()} {
		for i, path := range paths {
			paths[i] = e.officialPath(path)
		}
	}
	detailed := make(map[string]*pulumirpc.PropertyDiff, len(r.GetDetailedDiff()))
	for path, d := range r.GetDetailedDiff() {
		detailed[e.officialPath(path)] = d
	}
	r.DetailedDiff = detailed
}

// rewriteError renames the state that comes with the error of a resource that was created but didn't come up, which
// the engine keeps so that the next update can repair or delete it.
func (e entry) rewriteError(err error) error {
	s, ok := status.FromError(err)
	if !ok || len(s.Details()) == 0 {
		return err
	}
	renamed := status.New(s.Code(), s.Message())
	details := make([]protoadapt.MessageV1, 0, len(s.Details()))
	for _, d := range s.Details() {
		if failed, ok := d.(*pulumirpc.ErrorResourceInitFailed); ok {
			e.toOfficial(failed.GetProperties())
			e.toOfficial(failed.GetInputs())
		}
		if m, ok := d.(proto.Message); ok {
			details = append(details, protoadapt.MessageV1Of(m))
		}
	}
	if with, err := renamed.WithDetails(details...); err == nil {
		return with.Err()
	}
	return err
}
