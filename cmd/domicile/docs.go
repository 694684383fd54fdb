package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (a *app) docsCommand() *cobra.Command {
	c := &cobra.Command{Use: "docs", Short: "Write the command's documentation", Example: "  domicile docs man ./man", RunE: group}
	c.AddCommand(&cobra.Command{
		Use:     "man DIR",
		Short:   "Write a man page for each command",
		Example: "  domicile docs man /usr/local/share/man/man1",
		Args:    cobra.ExactArgs(1),
		RunE: a.run(func(_ context.Context, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("make folder for man pages: %w", err)
			}
			root := a.root()
			root.DisableAutoGenTag = true
			// The same pages from the same source, whatever the day.
			day := time.Unix(0, 0).UTC()
			head := &doc.GenManHeader{Title: "DOMICILE", Section: "1", Source: "domicile", Manual: "Domicile", Date: &day}
			if err := doc.GenManTree(root, head, args[0]); err != nil {
				return fmt.Errorf("write man pages: %w", err)
			}
			return nil
		}),
	})
	return c
}
