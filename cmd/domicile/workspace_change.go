package main

import (
	"context"
	"strings"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	pb "domicile/daemon/rpc/operatorpb"
	"domicile/daemon/rpc/operatorpb/operatorpbconnect"
)

// operatorChange makes the function of a command that changes a workspace by the socket and shows it.
func (a *app) operatorChange(change func(ctx context.Context, o operatorpbconnect.OperatorClient, args []string) (*pb.Workspace, error)) func(*cobra.Command, []string) error {
	return a.run(func(ctx context.Context, args []string) error {
		o, err := a.operator()
		if err != nil {
			return err
		}
		w, err := change(ctx, o, args)
		if err != nil {
			return err
		}
		return a.showWorkspace(workspaceOf(w))
	})
}

func (a *app) workspacePlanCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "set-plan WORKSPACE PLAN",
		Short:   "Change a workspace's plan (operator)",
		Example: "  domicile workspace set-plan Acme PRO",
		Args:    cobra.ExactArgs(2),
		RunE: a.operatorChange(func(ctx context.Context, o operatorpbconnect.OperatorClient, args []string) (*pb.Workspace, error) {
			r, err := o.SetPlan(ctx, connect.NewRequest(&pb.SetPlanRequest{Workspace: args[0], Plan: args[1]}))
			if err != nil {
				return nil, err
			}
			return r.Msg.Workspace, nil
		}),
	})
}

func (a *app) workspaceOwnerCommand() *cobra.Command {
	var reason string
	c := a.jsonFlag(&cobra.Command{
		Use:     "set-owner WORKSPACE PERSON",
		Short:   "Give a workspace to another of its active members (operator)",
		Long:    "Give a workspace to another of its active members. The reason, a code, goes into the audit trail.",
		Example: "  domicile workspace set-owner Acme ann@example.com --reason owner-left",
		Args:    cobra.ExactArgs(2),
		RunE: a.operatorChange(func(ctx context.Context, o operatorpbconnect.OperatorClient, args []string) (*pb.Workspace, error) {
			if reason == "" {
				return nil, usage("--reason is needed: a code such as owner-left")
			}
			r, err := o.SetOwner(ctx, connect.NewRequest(&pb.SetOwnerRequest{Workspace: args[0], Owner: args[1], Reason: reason}))
			if err != nil {
				return nil, err
			}
			return r.Msg.Workspace, nil
		}),
	})
	c.Flags().StringVar(&reason, "reason", "", "why: a code of lower-case letters, digits and hyphens")
	return c
}

func (a *app) workspaceSubdomainCommand() *cobra.Command {
	var none bool
	c := a.jsonFlag(&cobra.Command{
		Use:     "set-subdomain WORKSPACE [NAME]",
		Short:   "Give a workspace an address of its own (operator)",
		Example: "  domicile workspace set-subdomain Acme acme\n  domicile workspace set-subdomain Acme --none",
		Args:    cobra.RangeArgs(1, 2),
		RunE: a.operatorChange(func(ctx context.Context, o operatorpbconnect.OperatorClient, args []string) (*pb.Workspace, error) {
			if (len(args) == 2) == none {
				return nil, usage("name the subdomain, or say --none")
			}
			r, err := o.SetSubdomain(ctx, connect.NewRequest(&pb.SetSubdomainRequest{
				Workspace: args[0], Subdomain: strings.Join(args[1:], ""),
			}))
			if err != nil {
				return nil, err
			}
			return r.Msg.Workspace, nil
		}),
	})
	c.Flags().BoolVar(&none, "none", false, "take the subdomain away")
	return c
}

func (a *app) workspaceDeleteCommand() *cobra.Command {
	var confirm string
	c := &cobra.Command{
		Use:     "delete WORKSPACE",
		Short:   "End a workspace for good (operator)",
		Example: "  domicile workspace delete 66f0c0ffee00000000000001 --confirm Acme",
		Args:    cobra.ExactArgs(1),
		RunE: a.run(func(ctx context.Context, args []string) error {
			o, err := a.operator()
			if err != nil {
				return err
			}
			r, err := o.ShowWorkspace(ctx, connect.NewRequest(&pb.ShowWorkspaceRequest{Workspace: args[0]}))
			if err != nil {
				return err
			}
			w := r.Msg.Workspace
			if confirm != w.Name {
				return usage("this deletes %q and cannot be undone: repeat its name by --confirm", w.Name)
			}
			_, err = o.DeleteWorkspace(ctx, connect.NewRequest(&pb.DeleteWorkspaceRequest{Workspace: w.Id}))
			return err
		}),
	}
	c.Flags().StringVar(&confirm, "confirm", "", "the workspace's name, again")
	return c
}
