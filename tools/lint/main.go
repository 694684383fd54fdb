// Command lint runs the linter and the formatter whose versions this module pins.
//
//	go run -C tools/lint . golangci-lint run ./...
//	go run -C tools/lint . gofumpt -l .
//
// The tools are built once, into the user's cache under the hash of this module's
// go.sum, so that their dependencies never enter the product's own module, a new
// version is built anew, and a machine that has them already starts at once. They
// run in the repository's root, whatever folder the command was started from.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tools says from which package each binary is built; go.mod pins the versions.
var tools = map[string]string{
	"golangci-lint": "github.com/golangci/golangci-lint/v2/cmd/golangci-lint",
	"gofumpt":       "mvdan.cc/gofumpt",
}

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "lint:", err)
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	if len(args) == 0 || tools[args[0]] == "" {
		return 2, errors.New("usage: go run -C tools/lint . golangci-lint|gofumpt ARGUMENTS")
	}
	module, err := moduleFolder()
	if err != nil {
		return 1, err
	}
	binary, err := build(module, args[0])
	if err != nil {
		return 1, err
	}
	tool := exec.Command(binary, args[1:]...)
	tool.Dir = filepath.Dir(filepath.Dir(module)) // tools/lint lies two folders below the root
	tool.Stdin, tool.Stdout, tool.Stderr = os.Stdin, os.Stdout, os.Stderr
	var exit *exec.ExitError
	switch err := tool.Run(); {
	case errors.As(err, &exit):
		return exit.ExitCode(), nil
	case err != nil:
		return 1, fmt.Errorf("run %s: %w", args[0], err)
	}
	return 0, nil
}

// moduleFolder asks the go command where this module is, as `go run -C` has made
// its folder the working one.
func moduleFolder() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find module: %w", err)
	}
	folder := filepath.Dir(strings.TrimSpace(string(out)))
	if filepath.Base(folder) != "lint" || filepath.Base(filepath.Dir(folder)) != "tools" {
		return "", errors.New("start it as: go run -C tools/lint . …")
	}
	return folder, nil
}

// build returns the path of a tool's binary, made if the cache has none for this go.sum.
func build(module, tool string) (string, error) {
	sums, err := os.ReadFile(filepath.Join(module, "go.sum"))
	if err != nil {
		return "", fmt.Errorf("read versions: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find cache: %w", err)
	}
	hash := sha256.Sum256(sums)
	folder := filepath.Join(cache, "domicile", hex.EncodeToString(hash[:8]))
	binary := filepath.Join(folder, tool)
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("look for %s: %w", tool, err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("make cache: %w", err)
	}
	fmt.Fprintf(os.Stderr, "lint: building %s, once (the linter takes some minutes)\n", tool)
	// Under a name of its own first, so that two builds at once do no harm.
	fresh := fmt.Sprintf("%s.%d", binary, os.Getpid())
	command := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", fresh, tools[tool])
	command.Dir = module
	// Flags meant for the product (the race detector, tags) are not for its tools.
	command.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0")
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("build %s: %w", tool, err)
	}
	if err := os.Rename(fresh, binary); err != nil {
		return "", fmt.Errorf("keep %s: %w", tool, err)
	}
	return binary, nil
}
