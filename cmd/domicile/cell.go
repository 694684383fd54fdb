package main

import (
	"context"
	"fmt"
	"strconv"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"domicile/daemon"
	pb "domicile/daemon/rpc/operatorpb"
)

func (a *app) cellCommand() *cobra.Command {
	c := &cobra.Command{Use: "cell", Short: "Make a cell, or see how it is", Example: "  domicile cell status --json", RunE: group}
	c.AddCommand(a.cellInitCommand(), a.cellStatusCommand())
	return c
}

func (a *app) cellInitCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "init",
		Short: "Make a new cell with this node as its first",
		Long: `Make a new cell with this node as its first: its id, the region's signing key and, in the global region,
the directory. It refuses a data directory that has anything in it.`,
		Example: "  domicile cell init --config /etc/domicile/eu.yaml",
		Args:    cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			cfg, err := a.load(path)
			if err != nil {
				return err
			}
			if err := daemon.InitCell(ctx, cfg, daemon.Options{Version: version()}); err != nil {
				return err
			}
			fmt.Fprintf(a.err, "made cell %s of region %s in %s\n", cfg.Cell, cfg.Region, cfg.Data)
			return nil
		}),
	}
	configFlag(c, &path)
	return c
}

type cellStatus struct {
	ID     string       `json:"id"`
	Region string       `json:"region"`
	Leader string       `json:"leader"`
	Term   uint64       `json:"term"`
	Nodes  []nodeStatus `json:"nodes"`
}

type nodeStatus struct {
	ID       string `json:"id"`
	Voter    bool   `json:"voter"`
	Leader   bool   `json:"leader"`
	Applied  uint64 `json:"applied"`
	Lag      uint64 `json:"lag"`
	DiskFree uint64 `json:"diskFree"`
	CertDays int32  `json:"certDays"`
	Version  string `json:"version"`
}

func (a *app) cellStatusCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "status",
		Short:   "Tell how a cell and its nodes are",
		Example: "  domicile cell status --socket /var/lib/domicile/operator.sock",
		Args:    cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			o, err := a.operator()
			if err != nil {
				return err
			}
			r, err := o.CellStatus(ctx, connect.NewRequest(&pb.CellStatusRequest{}))
			if err != nil {
				return err
			}
			s := cellStatus{ID: r.Msg.Id, Region: r.Msg.Region, Leader: r.Msg.Leader, Term: r.Msg.Term, Nodes: []nodeStatus{}}
			for _, n := range r.Msg.Nodes {
				s.Nodes = append(s.Nodes, nodeStatus{n.Id, n.Voter, n.Leader, n.Applied, n.Lag, n.DiskFree, n.CertDays, n.Version})
			}
			return a.showCell(s)
		}),
	})
}

func (a *app) showCell(s cellStatus) error {
	if a.json {
		return a.printJSON(s)
	}
	if err := a.printFields([][2]string{
		{"cell", s.ID}, {"region", s.Region}, {"leader", s.Leader}, {"term", strconv.FormatUint(s.Term, 10)},
	}); err != nil {
		return err
	}
	var rows [][]string
	for _, n := range s.Nodes {
		role := "learner"
		switch {
		case n.Leader:
			role = "leader"
		case n.Voter:
			role = "voter"
		}
		rows = append(rows, []string{
			n.ID, role, strconv.FormatUint(n.Applied, 10), strconv.FormatUint(n.Lag, 10),
			strconv.FormatUint(n.DiskFree>>20, 10) + " MiB", strconv.Itoa(int(n.CertDays)) + " d", n.Version,
		})
	}
	return a.printTable([]string{"node", "role", "applied", "lag", "disk free", "certificate", "version"}, rows)
}
