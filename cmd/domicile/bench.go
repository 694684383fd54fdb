package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"domicile/bench"
)

// benchFlags say what is measured, and how long.
type benchFlags struct {
	workspace        string
	clients          []int
	duration         time.Duration
	seed             int
	dateFormat, zone string
}

func (a *app) benchCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure a server",
		Long: `Measure a server by its API. With --server, --api-key and --workspace that server is measured, and written
to; otherwise a new installation in this process, which is removed afterwards.`,
		Example: "  domicile bench writes --clients 1,16,64 --duration 10s",
		RunE:    group,
	}
	type workload func(context.Context, bench.Target, int, time.Duration) (bench.Row, error)
	for _, w := range []struct {
		name, short string
		reads       bool
		run         workload
	}{
		{"writes", "Record time entries", false, bench.Writes},
		{"list", "Read the newest 50 entries of a person", true, bench.List},
		{"search", "Find entries by two words", true, bench.Search},
	} {
		var f benchFlags
		sub := a.jsonFlag(&cobra.Command{
			Use: w.name, Short: w.short, Example: "  domicile bench " + w.name + " --clients 1,16 --duration 5s --json", Args: cobra.NoArgs,
			RunE: a.run(func(ctx context.Context, _ []string) error {
				return a.measure(ctx, f, w.reads, func(t bench.Target) (rows []bench.Row, err error) {
					for _, n := range f.clients {
						row, err := w.run(ctx, t, n, f.duration)
						if err != nil {
							return nil, err
						}
						rows = append(rows, row)
					}
					return rows, nil
				})
			}),
		})
		sub.Flags().StringVar(&f.workspace, "workspace", "", "id or name, with --server")
		sub.Flags().IntSliceVar(&f.clients, "clients", []int{1, 16, 64}, "numbers of clients, one run each")
		sub.Flags().DurationVar(&f.duration, "duration", 5*time.Second, "how long each run takes")
		if w.reads {
			sub.Flags().IntVar(&f.seed, "seed", 10000, "entries to record first in a new installation")
		}
		c.AddCommand(sub)
	}
	c.AddCommand(a.benchImportCommand())
	return c
}

func (a *app) benchImportCommand() *cobra.Command {
	var f benchFlags
	c := a.jsonFlag(&cobra.Command{
		Use: "import FILE[.gz]", Short: "Import a file", Args: cobra.ExactArgs(1),
		Example: "  domicile bench import report.csv.gz --date-format MM/DD/YYYY --time-zone UTC",
		RunE: a.run(func(ctx context.Context, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("bench import: %w", err)
			}
			defer file.Close()
			return a.measure(ctx, f, false, func(t bench.Target) ([]bench.Row, error) {
				row, err := bench.Import(ctx, t, file, f.dateFormat, f.zone)
				return []bench.Row{row}, err
			})
		}),
	})
	c.Flags().StringVar(&f.workspace, "workspace", "", "id or name, with --server")
	c.Flags().StringVar(&f.dateFormat, "date-format", "", "as of the import command")
	c.Flags().StringVar(&f.zone, "time-zone", "", "as of the import command")
	return c
}

// measure finds or makes the target, runs, and prints.
func (a *app) measure(ctx context.Context, f benchFlags, reads bool, run func(bench.Target) ([]bench.Row, error)) (err error) {
	var t bench.Target
	if f.workspace == "" {
		var end func() error
		if t, end, err = bench.Fresh(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, end()) }()
		if reads {
			if err := bench.Seed(ctx, t, f.seed); err != nil {
				return err
			}
		}
	} else {
		u, err := a.user(true)
		if err != nil {
			return err
		}
		defer u.Close()
		id, err := findWorkspace(ctx, u, f.workspace)
		if err != nil {
			return err
		}
		if t, err = bench.NewTarget(ctx, u, id); err != nil {
			return err
		}
	}
	rows, err := run(t)
	if err != nil {
		return err
	}
	return a.showBench(rows)
}

func (a *app) showBench(rows []bench.Row) error {
	if a.json {
		return a.printJSON(rows)
	}
	number := func(x float64, digits int) string { return strconv.FormatFloat(x, 'f', digits, 64) }
	var lines [][]string
	for _, r := range rows {
		lines = append(lines, []string{
			r.Workload, strconv.Itoa(r.Clients), strconv.Itoa(r.Count), number(r.Seconds, 1), number(r.PerSecond, 0), number(r.P50, 2), number(r.P99, 2),
		})
	}
	return a.printTable([]string{"workload", "clients", "count", "seconds", "per second", "p50 ms", "p99 ms"}, lines)
}
