package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// app is one run of the command: where it reads and writes, and the flags that every command has.
type app struct {
	in       io.Reader
	out, err io.Writer
	environ  []string // KEY=VALUE

	server, key, socket string // flags
	json                bool

	running bool // a command's own code has begun: errors before it are wrong usage
}

// execute runs a command line and returns the exit code.
func (a *app) execute(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	failed, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if !a.running {
		err = fmt.Errorf("%w: %w", errUsage, err)
	}
	code := exitCode(err)
	a.explain(err)
	if code == exitUsage {
		fmt.Fprintf(a.err, "see: %s --help\n", failed.CommandPath())
	}
	return code
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "domicile",
		Short: "Time tracking whose data stays in its region",
		Long: `Domicile keeps each workspace's data in one region and serves it there only.

Commands of people use --server and --api-key (DOMICILE_SERVER, DOMICILE_API_KEY).
Commands of operators use --socket (DOMICILE_SOCKET), a node's unix socket.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a rule, 4 not reachable.`,
		Example:       "  domicile dev\n  domicile workspace list",
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          group,
	}
	f := root.PersistentFlags()
	f.StringVar(&a.server, "server", "", "URL of a region's API (DOMICILE_SERVER; default "+devServer+")")
	f.StringVar(&a.key, "api-key", "", "your key in that region (DOMICILE_API_KEY)")
	f.StringVar(&a.socket, "socket", "", "path of a node's unix socket, for operators (DOMICILE_SOCKET)")
	root.AddCommand(
		a.devCommand(), a.serveCommand(), a.configCommand(), a.caCommand(), a.cellCommand(),
		a.userCommand(), a.workspaceCommand(), a.keyCommand(), a.regionCommand(),
		a.importCommand(), a.searchCommand(), a.benchCommand(), a.versionCommand(), a.docsCommand(),
	)
	return root
}

// run makes a command's function one that app knows has begun.
func (a *app) run(do func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		a.running = true
		return do(c.Context(), args)
	}
}

// group is what a command with subcommands does by itself: nothing, and it says so.
func group(c *cobra.Command, args []string) error {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if len(args) > 0 {
		return fmt.Errorf("%q is no command of %s, which has %s", args[0], c.CommandPath(), strings.Join(names, ", "))
	}
	return fmt.Errorf("%s needs a command: %s", c.CommandPath(), strings.Join(names, ", "))
}

// env reads a variable of the command line's environment.
func (a *app) env(name string) string {
	for _, pair := range a.environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// jsonFlag gives a command that lists its --json.
func (a *app) jsonFlag(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&a.json, "json", false, "print one JSON document")
	return c
}
