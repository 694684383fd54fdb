package main

import (
	"context"
	"fmt"
	"strings"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"domicile/daemon/client"
	pb "domicile/daemon/rpc/operatorpb"
)

// personJSON is a person as every user command prints one.
type personJSON struct {
	ID          string           `json:"id"`
	Email       string           `json:"email"`
	Name        string           `json:"name"`
	Status      string           `json:"status"`
	CreatedAt   *string          `json:"createdAt,omitempty"`
	Password    string           `json:"password,omitempty"` // one that was made
	Memberships []membershipJSON `json:"memberships,omitempty"`
}

type membershipJSON struct {
	Workspace string `json:"workspace"`
	Name      string `json:"name"`
	Status    string `json:"status"`
	Role      string `json:"role"`
	Region    string `json:"region"`
}

func personOf(p *pb.Person) personJSON {
	out := personJSON{ID: p.Id, Email: p.Email, Name: p.Name, Status: p.Status, CreatedAt: instant(p.CreatedAt)}
	for _, m := range p.Memberships {
		out.Memberships = append(out.Memberships, membershipJSON{m.Workspace, m.Name, m.Status, m.Role, m.Region})
	}
	return out
}

func (a *app) userCommand() *cobra.Command {
	c := &cobra.Command{Use: "user", Short: "People", Example: "  domicile user list --json", RunE: group}
	c.AddCommand(a.userCreateCommand(), a.userListCommand(), a.userShowCommand(), a.userDisableCommand(), a.userResetCommand())
	return c
}

func (a *app) userCreateCommand() *cobra.Command {
	var email, name, file string
	c := a.jsonFlag(&cobra.Command{
		Use:   "create",
		Short: "Record a person who can sign in (operator)",
		Long: `Record a person who can sign in. The password is read from --password-file or DOMICILE_PASSWORD; without
either one is made and printed. An address that is known from an invitation or an import becomes that person.`,
		Example: "  domicile user create --email ann@example.com --name Ann",
		Args:    cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			if email == "" {
				return usage("--email is needed")
			}
			o, err := a.operator()
			if err != nil {
				return err
			}
			password, err := a.password(file)
			if err != nil {
				return err
			}
			r, err := o.CreatePerson(ctx, connect.NewRequest(&pb.CreatePersonRequest{Email: email, Name: name, Password: password}))
			if err != nil {
				return err
			}
			p := personOf(r.Msg.Person)
			p.Password = r.Msg.Password
			return a.showPerson(p)
		}),
	})
	c.Flags().StringVar(&email, "email", "", "e-mail address")
	c.Flags().StringVar(&name, "name", "", "name (default the address's first part)")
	c.Flags().StringVar(&file, "password-file", "", "file with the password")
	return c
}

func (a *app) userListCommand() *cobra.Command {
	var workspace string
	c := a.jsonFlag(&cobra.Command{
		Use:     "list",
		Short:   "List the people of a workspace, or, as an operator, all",
		Example: "  domicile user list --workspace Acme\n  domicile user list --socket /var/lib/domicile/operator.sock",
		Args:    cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			var people []personJSON
			var err error
			if a.asOperator() {
				people, err = a.everybody(ctx)
			} else {
				people, err = a.members(ctx, workspace)
			}
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(people)
			}
			var rows [][]string
			for _, p := range people {
				rows = append(rows, []string{p.ID, p.Name, p.Email, p.Status})
			}
			return a.printTable([]string{"id", "name", "e-mail", "status"}, rows)
		}),
	})
	c.Flags().StringVar(&workspace, "workspace", "", "id or name of a workspace")
	return c
}

func (a *app) everybody(ctx context.Context) ([]personJSON, error) {
	o, err := a.operator()
	if err != nil {
		return nil, err
	}
	r, err := o.ListPeople(ctx, connect.NewRequest(&pb.ListPeopleRequest{}))
	if err != nil {
		return nil, err
	}
	people := make([]personJSON, 0, len(r.Msg.People))
	for _, p := range r.Msg.People {
		people = append(people, personOf(p))
	}
	return people, nil
}

func (a *app) members(ctx context.Context, workspace string) ([]personJSON, error) {
	if workspace == "" {
		return nil, usage("--workspace is needed")
	}
	u, err := a.user(true)
	if err != nil {
		return nil, err
	}
	id, err := findWorkspace(ctx, u, workspace)
	if err != nil {
		return nil, err
	}
	people := []personJSON{}
	for p, err := range client.Pages[client.User](ctx, u, "/workspaces/"+id+"/users", nil) {
		if err != nil {
			return nil, err
		}
		people = append(people, personJSON{ID: p.ID, Email: p.Email, Name: p.Name, Status: p.Status})
	}
	return people, nil
}

func (a *app) userShowCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "show [PERSON]",
		Short:   "Show yourself, or, as an operator, a person by id or e-mail address",
		Example: "  domicile user show\n  domicile user show ann@example.com --socket /var/lib/domicile/operator.sock",
		Args:    cobra.MaximumNArgs(1),
		RunE: a.run(func(ctx context.Context, args []string) error {
			if !a.asOperator() {
				if len(args) > 0 {
					return usage("only operators see others: use --socket, or leave out the person")
				}
				u, err := a.user(true)
				if err != nil {
					return err
				}
				me, err := u.User(ctx)
				if err != nil {
					return err
				}
				return a.showPerson(personJSON{ID: me.ID, Email: me.Email, Name: me.Name, Status: me.Status})
			}
			if len(args) == 0 {
				return usage("name a person by id or e-mail address")
			}
			o, err := a.operator()
			if err != nil {
				return err
			}
			r, err := o.ShowPerson(ctx, connect.NewRequest(&pb.ShowPersonRequest{Person: args[0]}))
			if err != nil {
				return err
			}
			return a.showPerson(personOf(r.Msg.Person))
		}),
	})
}

func (a *app) userDisableCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use:     "disable PERSON",
		Short:   "End what a person can do in every region (operator)",
		Example: "  domicile user disable ann@example.com",
		Args:    cobra.ExactArgs(1),
		RunE: a.run(func(ctx context.Context, args []string) error {
			o, err := a.operator()
			if err != nil {
				return err
			}
			r, err := o.DisablePerson(ctx, connect.NewRequest(&pb.DisablePersonRequest{Person: args[0]}))
			if err != nil {
				return err
			}
			return a.showPerson(personOf(r.Msg.Person))
		}),
	})
}

func (a *app) userResetCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:     "reset-password PERSON",
		Short:   "Give a person another password (operator)",
		Long:    "Give a person another password, from --password-file or DOMICILE_PASSWORD; without either one is made and printed.",
		Example: "  domicile user reset-password ann@example.com",
		Args:    cobra.ExactArgs(1),
		RunE: a.run(func(ctx context.Context, args []string) error {
			o, err := a.operator()
			if err != nil {
				return err
			}
			password, err := a.password(file)
			if err != nil {
				return err
			}
			r, err := o.ResetPassword(ctx, connect.NewRequest(&pb.ResetPasswordRequest{Person: args[0], Password: password}))
			if err != nil {
				return err
			}
			if r.Msg.Password != "" {
				fmt.Fprintln(a.out, r.Msg.Password)
			}
			return nil
		}),
	}
	c.Flags().StringVar(&file, "password-file", "", "file with the password")
	return c
}

func (a *app) showPerson(p personJSON) error {
	if a.json {
		return a.printJSON(p)
	}
	fields := [][2]string{
		{"id", p.ID},
		{"name", p.Name},
		{"e-mail", p.Email},
		{"status", p.Status},
		{"created", text(p.CreatedAt)},
		{"password", p.Password},
	}
	for _, m := range p.Memberships {
		about := []string{m.Region, strings.ToLower(m.Status)}
		if m.Role != "" {
			about = append(about, strings.ToLower(m.Role))
		}
		fields = append(fields, [2]string{"workspace", m.Name + " (" + strings.Join(about, ", ") + ") " + m.Workspace})
	}
	return a.printFields(fields)
}
