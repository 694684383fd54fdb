package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"domicile/daemon"
)

func (a *app) serveCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run one node of a cell, as in production",
		Long: `Run one node of a cell until SIGTERM or SIGINT. Requests in flight are finished; a second signal ends at
once. The data directory must have been made by "domicile cell init". Logs go to stderr, a JSON object a line.`,
		Example: "  domicile serve --config /etc/domicile/eu.yaml",
		Args:    cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			cfg, err := a.load(path)
			if err != nil {
				return err
			}
			d, err := daemon.Open(ctx, cfg, a.daemonOptions())
			if err != nil {
				return err
			}
			return d.Run(ctx)
		}),
	}
	configFlag(c, &path)
	return c
}

func (a *app) daemonOptions() daemon.Options {
	return daemon.Options{Version: version(), Log: slog.New(slog.NewJSONHandler(a.err, nil))}
}
