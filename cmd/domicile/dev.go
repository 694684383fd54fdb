package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"domicile/daemon"
)

func (a *app) devCommand() *cobra.Command {
	var o daemon.DevOptions
	var verbose bool
	c := &cobra.Command{
		Use:   "dev",
		Short: "Run all five regions in this process, to try things",
		Long: `Run all five regions in this process, each a complete daemon with its own directory and ports.

The first start makes sample workspaces and writes DIR/dev.json with URLs, people and keys; started
again on the same directory it goes on with what is there. Ctrl-C stops it cleanly.`,
		Example: "  domicile dev\n  domicile dev --data /tmp/try --port 0 --empty",
		Args:    cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			o.Out, o.Version = a.out, version()
			level := slog.LevelWarn
			if verbose {
				level = slog.LevelInfo
			}
			o.Log = slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
			return daemon.RunDev(ctx, o)
		}),
	}
	f := c.Flags()
	f.StringVar(&o.Data, "data", "./domicile-data", "folder for everything")
	f.IntVar(&o.Port, "port", 7700, "global's port; the other regions have the next four; 0 picks free ones once and keeps them")
	f.BoolVar(&o.Empty, "empty", false, "make no sample workspaces")
	f.BoolVar(&verbose, "verbose", false, "log what a node's operator would see")
	return c
}
