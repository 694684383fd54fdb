package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	pb "domicile/daemon/rpc/operatorpb"
)

type regionJSON struct {
	Region  string          `json:"region"`
	Name    string          `json:"name"`
	Country string          `json:"country"`
	BaseURL string          `json:"baseUrl"`
	Keys    []publicKeyJSON `json:"keys,omitempty"` // with the socket
}

type publicKeyJSON struct {
	Key   string  `json:"key"`
	Since *string `json:"since"`
}

func (a *app) regionCommand() *cobra.Command {
	c := &cobra.Command{Use: "region", Short: "Where data may live, and where it does", Example: "  domicile region list", RunE: group}
	c.AddCommand(a.regionListCommand(), a.regionShowCommand())
	return c
}

func (a *app) regionListCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "List the regions; with the socket, their public signing keys too",
		Example: "  domicile region list --json",
		Args:    cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			all, err := a.regions(ctx)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(all)
			}
			var rows [][]string
			for _, r := range all {
				row := []string{r.Region, r.Name, r.Country, r.BaseURL}
				if a.asOperator() {
					key := ""
					if n := len(r.Keys); n > 0 {
						key = r.Keys[n-1].Key
					}
					row = append(row, key)
				}
				rows = append(rows, row)
			}
			head := []string{"region", "name", "country", "url"}
			if a.asOperator() {
				head = append(head, "signing key")
			}
			return a.printTable(head, rows)
		}),
	})
}

func (a *app) regions(ctx context.Context) ([]regionJSON, error) {
	all := []regionJSON{}
	if !a.asOperator() {
		u, err := a.user(false)
		if err != nil {
			return nil, err
		}
		regions, err := u.Regions(ctx)
		for _, r := range regions {
			all = append(all, regionJSON{Region: r.Region, Name: r.Name, Country: r.Country, BaseURL: r.BaseURL})
		}
		return all, err
	}
	o, err := a.operator()
	if err != nil {
		return nil, err
	}
	r, err := o.ListRegions(ctx, connect.NewRequest(&pb.ListRegionsRequest{}))
	if err != nil {
		return nil, err
	}
	for _, region := range r.Msg.Regions {
		out := regionJSON{Region: region.Region, Name: region.Name, Country: region.Country, BaseURL: region.BaseUrl}
		for _, k := range region.Keys {
			out.Keys = append(out.Keys, publicKeyJSON{base64.StdEncoding.EncodeToString(k.Key), instant(k.Since)})
		}
		all = append(all, out)
	}
	return all, nil
}

func (a *app) regionShowCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "show WORKSPACE",
		Short:   "Tell where a workspace lives and lived",
		Example: "  domicile region show Acme",
		Args:    cobra.ExactArgs(1),
		RunE: a.run(func(ctx context.Context, args []string) error {
			u, err := a.user(true)
			if err != nil {
				return err
			}
			id, err := findWorkspace(ctx, u, args[0])
			if err != nil {
				return err
			}
			var raw []byte
			if err := u.Do(ctx, http.MethodGet, "/workspaces/"+id+"/region", nil, nil, &raw); err != nil {
				return err
			}
			var fields map[string]any
			if err := json.Unmarshal(raw, &fields); err != nil {
				return fmt.Errorf("decode home of workspace %s: %w", id, err)
			}
			if a.json {
				return a.printJSON(fields)
			}
			return a.showHome(fields)
		}),
	})
}

// showHome prints what the server tells of a home, the fields that it has.
func (a *app) showHome(fields map[string]any) error {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	var lines [][2]string
	for _, name := range names {
		switch v := fields[name].(type) {
		case nil:
		case string:
			lines = append(lines, [2]string{name, v})
		default:
			raw, err := json.Marshal(v)
			if err != nil {
				return fmt.Errorf("print home: %w", err)
			}
			lines = append(lines, [2]string{name, string(raw)})
		}
	}
	return a.printFields(lines)
}
