package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"domicile/daemon/client"
	pb "domicile/daemon/rpc/operatorpb"
)

// workspaceJSON is a workspace as the workspace commands print one. What the caller may not know is left out.
type workspaceJSON struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Plan      string `json:"plan,omitempty"`
	Owner     string `json:"owner,omitempty"`
	Status    string `json:"status,omitempty"`
	Subdomain string `json:"subdomain,omitempty"`
	Region    string `json:"region"`
	BaseURL   string `json:"baseUrl,omitempty"`
	State     string `json:"state,omitempty"`
	Cell      string `json:"cell,omitempty"`
}

// shownJSON is a workspace with its home and what is in it.
type shownJSON struct {
	workspaceJSON
	Plan          string            `json:"plan"` // here even if it is empty, as are the others
	State         string            `json:"state"`
	Cell          string            `json:"cell"`
	Epoch         uint64            `json:"epoch"`
	Revision      uint64            `json:"revision"`
	ContentDigest string            `json:"contentDigest"`
	StateDigest   string            `json:"stateDigest"`
	Counts        map[string]uint64 `json:"counts"`
	Bytes         uint64            `json:"bytes"`
}

func workspaceOf(w *pb.Workspace) workspaceJSON {
	return workspaceJSON{
		ID: w.Id, Name: w.Name, Plan: w.Plan, Owner: w.Owner, Status: w.Status, Subdomain: w.Subdomain,
		Region: w.Region, Cell: w.Cell,
	}
}

func shownOf(w *pb.Workspace) shownJSON {
	out := shownJSON{workspaceJSON: workspaceOf(w), Plan: w.Plan, Cell: w.Cell, Epoch: w.Epoch, Counts: map[string]uint64{}}
	if c := w.Contents; c != nil {
		out.State, out.Revision, out.Bytes = c.State, c.Revision, c.Bytes
		out.ContentDigest, out.StateDigest = c.ContentDigest, c.StateDigest
		maps.Copy(out.Counts, c.Counts)
	}
	return out
}

func (a *app) workspaceCommand() *cobra.Command {
	c := &cobra.Command{Use: "workspace", Short: "Workspaces", Example: "  domicile workspace list --json", RunE: group}
	c.AddCommand(a.workspaceCreateCommand(), a.workspaceListCommand(), a.workspaceShowCommand(),
		a.workspacePlanCommand(), a.workspaceOwnerCommand(), a.workspaceSubdomainCommand(), a.workspaceDeleteCommand())
	return c
}

func (a *app) workspaceCreateCommand() *cobra.Command {
	var region, owner, plan string
	c := a.jsonFlag(&cobra.Command{
		Use:   "create NAME",
		Short: "Make a workspace, in global or directly in a region",
		Long: `Make a workspace, in global or directly in a region: then its data never touches global. With a key it is
yours, on the highest plan that you have; an operator names its owner and plan.`,
		Example: "  domicile workspace create Acme --region eu\n  domicile workspace create Acme --region eu --owner ann@example.com --plan PRO",
		Args:    cobra.ExactArgs(1),
		RunE: a.run(func(ctx context.Context, args []string) error {
			if !a.asOperator() {
				if owner != "" || plan != "" {
					return usage("--owner and --plan are the operator's: use --socket")
				}
				u, err := a.user(true)
				if err != nil {
					return err
				}
				w, err := u.CreateWorkspace(ctx, args[0], region)
				if err != nil {
					return err
				}
				return a.showWorkspace(workspaceJSON{ID: w.ID, Name: w.Name, Plan: w.Plan, Region: w.Region, BaseURL: w.BaseURL, State: w.State})
			}
			if owner == "" {
				return usage("--owner is needed: an id or e-mail address")
			}
			o, err := a.operator()
			if err != nil {
				return err
			}
			r, err := o.CreateWorkspace(ctx, connect.NewRequest(&pb.CreateWorkspaceRequest{Name: args[0], Owner: owner, Region: region, Plan: plan}))
			if err != nil {
				return err
			}
			return a.showWorkspace(workspaceOf(r.Msg.Workspace))
		}),
	})
	c.Flags().StringVar(&region, "region", "", "region to make it in (default global)")
	c.Flags().StringVar(&owner, "owner", "", "id or e-mail address of the owner (operator)")
	c.Flags().StringVar(&plan, "plan", "", "FREE, BASIC, STANDARD, PRO or ENTERPRISE (operator)")
	return c
}

func (a *app) workspaceListCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "List your workspaces in all regions, or, as an operator, everybody's",
		Example: "  domicile workspace list --json",
		Args:    cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			all, err := a.workspaces(ctx)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(all)
			}
			var rows [][]string
			for _, w := range all {
				rows = append(rows, []string{w.ID, w.Name, w.Region, w.Plan, w.BaseURL})
			}
			return a.printTable([]string{"id", "name", "region", "plan", "url"}, rows)
		}),
	})
}

func (a *app) workspaces(ctx context.Context) ([]workspaceJSON, error) {
	all := []workspaceJSON{}
	if a.asOperator() {
		o, err := a.operator()
		if err != nil {
			return nil, err
		}
		r, err := o.ListWorkspaces(ctx, connect.NewRequest(&pb.ListWorkspacesRequest{}))
		if err != nil {
			return nil, err
		}
		for _, w := range r.Msg.Workspaces {
			all = append(all, workspaceOf(w))
		}
		return all, nil
	}
	u, err := a.user(true)
	if err != nil {
		return nil, err
	}
	mine, err := u.Workspaces(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range mine {
		all = append(all, workspaceJSON{ID: w.ID, Name: w.Name, Region: w.Region, BaseURL: w.BaseURL, State: w.State, Plan: w.Plan})
	}
	return all, nil
}

func (a *app) workspaceShowCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "show WORKSPACE",
		Short:   "Show a workspace: home, plan, what is in it, digests",
		Example: "  domicile workspace show Acme --json",
		Args:    cobra.ExactArgs(1),
		RunE: a.run(func(ctx context.Context, args []string) error {
			if a.asOperator() {
				o, err := a.operator()
				if err != nil {
					return err
				}
				r, err := o.ShowWorkspace(ctx, connect.NewRequest(&pb.ShowWorkspaceRequest{Workspace: args[0]}))
				if err != nil {
					return err
				}
				return a.showContents(shownOf(r.Msg.Workspace))
			}
			u, err := a.user(true)
			if err != nil {
				return err
			}
			w, err := a.readWorkspace(ctx, u, args[0])
			if err != nil {
				return err
			}
			return a.showContents(w)
		}),
	})
}

// readWorkspace joins what the list says of a workspace with what its region says of its home.
func (a *app) readWorkspace(ctx context.Context, u *client.Client, named string) (shownJSON, error) {
	id, err := findWorkspace(ctx, u, named)
	if err != nil {
		return shownJSON{}, err
	}
	mine, err := u.Workspaces(ctx)
	if err != nil {
		return shownJSON{}, err
	}
	out := shownJSON{Counts: map[string]uint64{}}
	var raw []byte
	if err := u.Do(ctx, http.MethodGet, "/workspaces/"+id+"/region", nil, nil, &raw); err != nil {
		return shownJSON{}, err
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return shownJSON{}, fmt.Errorf("decode home of workspace %s: %w", id, err)
	}
	out.ID = id
	if i := slices.IndexFunc(mine, func(w client.Workspace) bool { return w.ID == id }); i >= 0 {
		w := mine[i]
		out.Name, out.Region, out.BaseURL = w.Name, w.Region, w.BaseURL
		out.Plan, out.State = cmp.Or(out.Plan, w.Plan), cmp.Or(out.State, w.State)
	}
	return out, nil
}

// findWorkspace finds the id that a person means by an id or a name. Where the workspace lives is the
// server's to judge: at the wrong region it answers 421 with the right URL.
func findWorkspace(ctx context.Context, u *client.Client, named string) (string, error) {
	if isID(named) {
		return named, nil
	}
	w, err := findByName(ctx, u, named)
	return w.ID, err
}

func findByName(ctx context.Context, u *client.Client, name string) (client.Workspace, error) {
	mine, err := u.Workspaces(ctx)
	if err != nil {
		return client.Workspace{}, err
	}
	var found []client.Workspace
	for _, w := range mine {
		if strings.EqualFold(w.Name, name) {
			found = append(found, w)
		}
	}
	switch len(found) {
	case 0:
		return client.Workspace{}, fmt.Errorf("find workspace %q: you are in none of this name", name)
	case 1:
		return found[0], nil
	}
	return client.Workspace{}, usage("%d of your workspaces are named %q: use the id", len(found), name)
}

func isID(s string) bool {
	return len(s) == 24 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

func (a *app) showWorkspace(w workspaceJSON) error {
	if a.json {
		return a.printJSON(w)
	}
	return a.printFields(w.fields())
}

func (w workspaceJSON) fields() [][2]string {
	return [][2]string{
		{"id", w.ID},
		{"name", w.Name},
		{"plan", w.Plan},
		{"owner", w.Owner},
		{"subdomain", w.Subdomain},
		{"region", w.Region},
		{"url", w.BaseURL},
		{"cell", w.Cell},
		{"state", w.State},
	}
}

func (a *app) showContents(w shownJSON) error {
	if a.json {
		return a.printJSON(w)
	}
	short := w.workspaceJSON
	short.Plan, short.State, short.Cell = w.Plan, w.State, w.Cell
	fields := short.fields()
	number := func(name string, n uint64) {
		if n != 0 {
			fields = append(fields, [2]string{name, strconv.FormatUint(n, 10)})
		}
	}
	number("epoch", w.Epoch)
	number("revision", w.Revision)
	fields = append(fields, [2]string{"content digest", w.ContentDigest}, [2]string{"state digest", w.StateDigest})
	number("bytes", w.Bytes)
	for _, kind := range slices.Sorted(maps.Keys(w.Counts)) {
		number(kind, w.Counts[kind])
	}
	return a.printFields(fields)
}
