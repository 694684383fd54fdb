package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// plugins are run in this order over the definitions; both are tools of this module.
var plugins = []string{"protoc-gen-go", "protoc-gen-connect-go"}

// generate answers what every generated file should hold, by path below root.
func generate(ctx context.Context, root string, protos []string) (map[string]string, error) {
	if len(protos) == 0 {
		return nil, nil
	}
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{root}}),
		SourceInfoMode: protocompile.SourceInfoStandard, // comments become doc comments
	}
	compiled, err := compiler.Compile(ctx, protos...)
	if err != nil {
		return nil, fmt.Errorf("compile definitions: %w", err)
	}
	request := &pluginpb.CodeGeneratorRequest{FileToGenerate: protos}
	seen := map[string]bool{}
	for _, file := range compiled {
		request.ProtoFile = closure(request.ProtoFile, file, seen)
	}
	files := map[string]string{}
	for _, plugin := range plugins {
		if err := runPlugin(ctx, plugin, request, files); err != nil {
			return nil, fmt.Errorf("run %s: %w", plugin, err)
		}
	}
	return files, nil
}

// closure appends a file after everything that it imports, as plugins expect.
func closure(to []*descriptorpb.FileDescriptorProto, file protoreflect.FileDescriptor, seen map[string]bool) []*descriptorpb.FileDescriptorProto {
	if seen[file.Path()] {
		return to
	}
	seen[file.Path()] = true
	imports := file.Imports()
	for i := range imports.Len() {
		to = closure(to, imports.Get(i).FileDescriptor, seen)
	}
	return append(to, protoutil.ProtoFromFileDescriptor(file))
}

func runPlugin(ctx context.Context, name string, request *pluginpb.CodeGeneratorRequest, files map[string]string) error {
	in, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	command := exec.CommandContext(ctx, "go", "tool", name)
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(in), &out, os.Stderr
	if err := command.Run(); err != nil {
		return err
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out.Bytes(), &response); err != nil {
		return err
	}
	if text := response.GetError(); text != "" {
		return errors.New(strings.TrimSpace(text))
	}
	for _, file := range response.GetFile() {
		path, err := inRepository(file.GetName())
		if err != nil {
			return err
		}
		files[path] = file.GetContent()
	}
	return nil
}
