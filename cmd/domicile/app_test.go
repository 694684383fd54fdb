package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"domicile/daemon"
	"domicile/daemon/client"
	"domicile/daemon/peer"
)

// each walks all commands.
func each(c *cobra.Command, use func(*cobra.Command)) {
	use(c)
	for _, sub := range c.Commands() {
		each(sub, use)
	}
}

func newApp(environ ...string) (a *app, out, errs *bytes.Buffer) {
	out, errs = &bytes.Buffer{}, &bytes.Buffer{}
	return &app{in: strings.NewReader(""), out: out, err: errs, environ: environ}, out, errs
}

func TestM1ErrorsHaveTheirExitCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("anything"), 1},
		{context.Canceled, 1},
		{usage("x"), 2},
		{client.ErrBadURL, 2},
		{daemon.ErrConfig, 2},
		{&client.Error{Status: 400, Body: []byte(`{"ambiguous":"dates","readings":["MM/DD/YYYY","DD/MM/YYYY"]}`)}, 2},
		{&client.Error{Status: 400, Body: []byte(`{"errors":[{"row":2}]}`)}, 1},
		{&client.Error{Status: 400, Code: 3000}, 2},
		{&client.Error{Status: 400, Code: 501, Body: []byte(`{"field":"region"}`)}, 2},
		{&client.Error{Status: 400, Code: 501}, 1},
		{&client.Error{Status: 401}, 1},
		{&client.Error{Status: 403}, 1},
		{&client.Error{Status: 404}, 1},
		{&client.Error{Status: 402}, 3},
		{&client.Error{Status: 409}, 3},
		{&client.Error{Status: 421}, 3},
		{&client.Error{Status: 422}, 3},
		{&client.Error{Status: 423}, 3},
		{&client.Error{Status: 503}, 4},
		{&client.Error{Status: 504}, 1},
		{connect.NewError(connect.CodeInvalidArgument, errors.New("x")), 2},
		{connect.NewError(connect.CodeFailedPrecondition, errors.New("x")), 3},
		{connect.NewError(connect.CodeAlreadyExists, errors.New("x")), 3},
		{connect.NewError(connect.CodeNotFound, errors.New("x")), 1},
		{connect.NewError(connect.CodeUnavailable, errors.New("x")), 4},
		{client.ErrUnreachable, 4},
		{daemon.ErrNotInitialised, 1},
		{daemon.ErrForeignData, 1},
		{daemon.ErrNewerData, 1},
		{daemon.ErrInUse, 1},
		{daemon.ErrNotWritable, 1},
		{daemon.ErrInitialised, 3},
		{peer.ErrExists, 3},
	}
	for _, test := range tests {
		if got := exitCode(test.err); got != test.want {
			t.Errorf("%v: got %d, want %d", test.err, got, test.want)
		}
		if test.err == nil {
			continue
		}
		if got := exitCode(fmt.Errorf("do something: %w", test.err)); got != test.want {
			t.Errorf("wrapped %v: got %d, want %d", test.err, got, test.want)
		}
	}
}

func TestM1MistakesAreWrongUsage(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", "nonsense", "user", "user nonsense", "--nonsense", "version --nonsense", "version extra", "workspace show",
		"cell status", "user list", "key list", "search x", "search", "import", "import x",
		"ca issue", "ca issue --region eu", "ca issue --region EU --out x", "serve", "config check", "docs man",
		"workspace create x", "workspace create x --owner me --api-key k", "key create --api-key k --person me",
		"workspace set-subdomain x --socket s", "workspace set-subdomain x y --none --socket s",
		"workspace set-owner x y --socket s", "user create --socket s", "user show x --api-key k",
		"user show --api-key k --server nowhere", "user show --api-key k --server ftp://nowhere",
		"import undo x --workspace w --api-key k", "dev --port many", "dev extra",
	} {
		a, out, errs := newApp()
		if code := a.execute(t.Context(), strings.Fields(line)); code != exitUsage {
			t.Errorf("domicile %s: exit code %d: %s", line, code, errs)
		}
		if out.Len() > 0 {
			t.Errorf("domicile %s: printed to stdout: %s", line, out)
		}
		if !strings.HasPrefix(errs.String(), "domicile: ") || !strings.Contains(errs.String(), "--help") {
			t.Errorf("domicile %s: said %q", line, errs)
		}
	}
}

func TestM3WhatListsHasJSON(t *testing.T) {
	t.Parallel()
	a, _, _ := newApp()
	each(a.root(), func(c *cobra.Command) {
		switch name := strings.Fields(c.Use)[0]; name {
		case "list", "show", "status", "search", "import":
			if c.Flags().Lookup("json") == nil {
				t.Errorf("%s has no --json", c.CommandPath())
			}
		}
	})
}

func TestM4EveryCommandHasAnExample(t *testing.T) {
	t.Parallel()
	a, _, _ := newApp()
	root := a.root()
	each(root, func(c *cobra.Command) {
		if c.Short == "" || !c.Runnable() {
			t.Errorf("%s says nothing or does nothing", c.CommandPath())
		}
		if !strings.HasPrefix(c.Example, "  "+c.CommandPath()) && c.HasParent() && !strings.HasPrefix(c.Example, "  domicile ") {
			t.Errorf("%s has no example of itself: %q", c.CommandPath(), c.Example)
		}
	})
}

func TestM5SecretsHaveNoFlags(t *testing.T) {
	t.Parallel()
	a, _, _ := newApp()
	each(a.root(), func(c *cobra.Command) {
		if c.Flags().Lookup("password") != nil {
			t.Errorf("%s takes a password by flag", c.CommandPath())
		}
	})
}

func TestNamesCannotMoveTheCursor(t *testing.T) {
	t.Parallel()
	a, out, _ := newApp()
	if err := a.printTable([]string{"name"}, [][]string{{"a\x1b[2Jb\tc\nd"}}); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "NAME\na·[2Jb·c·d\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhoAsksIsDecidedByFlagsFirst(t *testing.T) {
	t.Parallel()
	const key, socket = "DOMICILE_API_KEY=k", "DOMICILE_SOCKET=s"
	tests := []struct {
		flags    app
		environ  []string
		operator bool
	}{
		{app{}, nil, false},
		{app{}, []string{key}, false},
		{app{}, []string{socket}, true},
		{app{}, []string{key, socket}, false},
		{app{socket: "s"}, []string{key}, true},
		{app{key: "k"}, []string{socket}, false},
		{app{server: "x"}, []string{socket}, false},
	}
	for _, test := range tests {
		test.flags.environ = test.environ
		if got := test.flags.asOperator(); got != test.operator {
			t.Errorf("%+v: operator %v, want %v", test.flags, got, test.operator)
		}
	}
}
