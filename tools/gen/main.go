// Command gen makes the Go code of every protobuf definition of the project, without protoc.
//
//	go run -C tools/gen .          write the generated files
//	go run -C tools/gen . -check   write nothing; exit 1 and name the files that are stale
//
// It compiles every *.proto under replicate/entrypb and daemon/rpc with protocompile and runs
// protoc-gen-go and, for files with services, protoc-gen-connect-go, both pinned as tools in this
// folder's go.mod. A definition's path in the repository is its import path, and its go_package is
// domicile/<its folder>. Connect code goes into a folder of its own beside the messages
// (directorypb → directorypb/directorypbconnect), as that plugin does by default.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	check := flag.Bool("check", false, "write nothing; exit 1 when a generated file is stale")
	root := flag.String("root", filepath.Join("..", ".."), "the repository's root")
	flag.Parse()
	if err := run(context.Background(), *root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// folders are where definitions live.
var folders = []string{"replicate/entrypb", "daemon/rpc"}

func run(ctx context.Context, root string, check bool) error {
	protos, err := find(root, "*.proto")
	if err != nil {
		return err
	}
	files, err := generate(ctx, root, protos)
	if err != nil {
		return err
	}
	stale, err := compare(root, files)
	if err != nil {
		return err
	}
	if !check {
		return write(root, files, stale)
	}
	for _, name := range stale {
		fmt.Println("stale:", name)
	}
	if len(stale) > 0 {
		return fmt.Errorf("%d generated files are not what their definitions say; run: go run -C tools/gen .", len(stale))
	}
	return nil
}
