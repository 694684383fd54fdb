package main

import (
	"context"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"domicile/daemon/client"
	pb "domicile/daemon/rpc/operatorpb"
)

// keyJSON is an API key; the secret is there when it was made just now.
type keyJSON struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Created  *string `json:"created"`
	LastUsed *string `json:"lastUsed"`
	Secret   string  `json:"key,omitempty"`
}

func keyOf(k *pb.Key) keyJSON {
	return keyJSON{ID: k.Id, Name: k.Name, Created: instant(k.CreatedAt), LastUsed: instant(k.LastUsed)}
}

func userKey(k client.Key) keyJSON {
	created := k.Created.UTC().Format(time.RFC3339)
	out := keyJSON{ID: k.ID, Name: k.Name, Created: &created, Secret: k.Secret}
	if k.LastUsed != nil {
		used := k.LastUsed.UTC().Format(time.RFC3339)
		out.LastUsed = &used
	}
	return out
}

func (a *app) keyCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "key", Short: "API keys of a person in one region", Example: "  domicile key list --json", RunE: group,
	}
	c.AddCommand(a.keyCreateCommand(), a.keyListCommand(), a.keyRevokeCommand())
	return c
}

func (a *app) keyCreateCommand() *cobra.Command {
	var name, person string
	c := a.jsonFlag(&cobra.Command{
		Use:     "create",
		Short:   "Make a key and print it, this once",
		Example: "  domicile key create --name laptop\n  domicile key create --person ann@example.com --socket /var/lib/domicile/operator.sock",
		Args:    cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			k, err := a.makeKey(ctx, person, name)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(k)
			}
			return a.printFields([][2]string{{"id", k.ID}, {"name", k.Name}, {"key", k.Secret}})
		}),
	})
	c.Flags().StringVar(&name, "name", "command line", "what the key is for")
	personFlag(c, &person)
	return c
}

func personFlag(c *cobra.Command, person *string) {
	c.Flags().StringVar(person, "person", "", "id or e-mail address of the key's person (operator)")
}

func (a *app) makeKey(ctx context.Context, person, name string) (keyJSON, error) {
	if !a.asOperator() {
		u, err := a.self(person)
		if err != nil {
			return keyJSON{}, err
		}
		k, err := u.CreateKey(ctx, name)
		return userKey(k), err
	}
	o, err := a.operator()
	if err != nil {
		return keyJSON{}, err
	}
	r, err := o.CreateKey(ctx, connect.NewRequest(&pb.CreateKeyRequest{Person: person, Name: name}))
	if err != nil {
		return keyJSON{}, err
	}
	k := keyOf(r.Msg.Key)
	k.Secret = r.Msg.Secret
	return k, nil
}

// self is the client for one's own keys, which name no person.
func (a *app) self(person string) (*client.Client, error) {
	if person != "" {
		return nil, usage("--person is the operator's: use --socket")
	}
	return a.user(true)
}

func (a *app) keyListCommand() *cobra.Command {
	var person string
	c := a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "List your keys in a region, or, as an operator, a person's",
		Example: "  domicile key list",
		Args:    cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			keys, err := a.keys(ctx, person)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(keys)
			}
			var rows [][]string
			for _, k := range keys {
				rows = append(rows, []string{k.ID, k.Name, text(k.Created), text(k.LastUsed)})
			}
			return a.printTable([]string{"id", "name", "created", "last used"}, rows)
		}),
	})
	personFlag(c, &person)
	return c
}

func (a *app) keys(ctx context.Context, person string) ([]keyJSON, error) {
	all := []keyJSON{}
	if !a.asOperator() {
		u, err := a.self(person)
		if err != nil {
			return nil, err
		}
		keys, err := u.Keys(ctx)
		for _, k := range keys {
			all = append(all, userKey(k))
		}
		return all, err
	}
	o, err := a.operator()
	if err != nil {
		return nil, err
	}
	r, err := o.ListKeys(ctx, connect.NewRequest(&pb.ListKeysRequest{Person: person}))
	if err != nil {
		return nil, err
	}
	for _, k := range r.Msg.Keys {
		all = append(all, keyOf(k))
	}
	return all, nil
}

func (a *app) keyRevokeCommand() *cobra.Command {
	var person string
	c := &cobra.Command{
		Use:     "revoke KEY",
		Short:   "End a key at once, by its id",
		Example: "  domicile key revoke 66f0c0ffee00000000000001",
		Args:    cobra.ExactArgs(1),
		RunE: a.run(func(ctx context.Context, args []string) error {
			if !a.asOperator() {
				u, err := a.self(person)
				if err != nil {
					return err
				}
				return u.RevokeKey(ctx, args[0])
			}
			o, err := a.operator()
			if err != nil {
				return err
			}
			_, err = o.RevokeKey(ctx, connect.NewRequest(&pb.RevokeKeyRequest{Person: person, Key: args[0]}))
			return err
		}),
	}
	personFlag(c, &person)
	return c
}
