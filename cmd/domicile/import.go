package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"domicile/daemon/client"
)

// importFlags say what to import where, and how to read it.
type importFlags struct {
	workspace string
	client.Import
}

func (a *app) importCommand() *cobra.Command {
	var f importFlags
	c := a.jsonFlag(&cobra.Command{
		Use:   "import FILE[.gz] --workspace WORKSPACE",
		Short: "Import time entries from a file, whole or not at all",
		Long: `Import time entries from a file, whole or not at all: every row is checked before the first is written.

A date or time format that is not given is guessed if every row allows just one. Times are in the
workspace's zone unless --time-zone says otherwise. The same file again adds nothing; an import that was
interrupted goes on where it stopped when the same file is sent again. "import undo" takes one back.`,
		Example: "  domicile import report.csv.gz --workspace Acme --date-format MM/DD/YYYY --time-zone Europe/Berlin",
		Args:    cobra.ExactArgs(1),
		RunE: a.run(func(ctx context.Context, args []string) error {
			return a.doImport(ctx, args[0], f)
		}),
	})
	s := c.Flags()
	s.StringVar(&f.workspace, "workspace", "", "id or name")
	s.StringVar(&f.Format, "format", "clockify-csv", "clockify-csv: Clockify's detailed report")
	s.StringVar(&f.DateFormat, "date-format", "", "MM/DD/YYYY, DD/MM/YYYY, YYYY-MM-DD or DD.MM.YYYY")
	s.StringVar(&f.TimeFormat, "time-format", "", "12h or 24h")
	s.StringVar(&f.TimeZone, "time-zone", "", "zone of the file's times, such as Europe/Berlin (default the workspace's)")
	s.BoolVar(&f.DryRun, "dry-run", false, "check every row and write nothing")
	c.AddCommand(a.importUndoCommand())
	return c
}

func (a *app) doImport(ctx context.Context, name string, f importFlags) error {
	if f.workspace == "" {
		return usage("--workspace is needed")
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("import %s: %w", name, err)
	}
	if info.IsDir() {
		return usage("%s is a folder", name)
	}
	u, err := a.user(true)
	if err != nil {
		return err
	}
	id, err := findWorkspace(ctx, u, f.workspace)
	if err != nil {
		return err
	}
	p := a.progress(ctx, "import", info.Size())
	// What the disk says is kept apart from what the network says: both come back as the request's error.
	source := &failing{Reader: file}
	f.Body = &client.Reading{Reader: source, Seen: p.add}
	done, err := u.Import(ctx, id, f.Import)
	if err == nil {
		done, err = a.written(ctx, u, id, done)
	}
	p.end(err == nil)
	if source.err != nil {
		return fmt.Errorf("read %s: %w", name, source.err)
	}
	if errors.Is(err, client.ErrUnreachable) {
		return fmt.Errorf("%w; what the server has checked it goes on to write: send the same file again", err)
	}
	if err != nil {
		return err
	}
	return a.showImport(done)
}

// failing remembers the error of a reader.
type failing struct {
	io.Reader
	err error
}

// Read reads and remembers.
func (f *failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

// ambiguous tells the refusal of a file that could be read in two ways: mending it is a matter of flags.
func ambiguous(err error) bool { return len(readings(err)) > 0 }

// readings are the ways in which a refused file could be read.
func readings(err error) []string {
	var e *client.Error
	var fields struct{ Readings []string }
	if !errors.As(err, &e) || json.Unmarshal(e.Body, &fields) != nil {
		return nil
	}
	return fields.Readings
}

// written waits for an import or its undo that goes on by itself, as after a restart of the server.
func (a *app) written(ctx context.Context, u *client.Client, workspace string, s client.ImportStatus) (client.ImportStatus, error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for s.State == "RUNNING" || s.State == "UNDOING" {
		select {
		case <-ctx.Done():
			return s, context.Cause(ctx)
		case <-tick.C:
		}
		var err error
		if s, err = u.Imported(ctx, workspace, s.ID); err != nil {
			return s, err
		}
	}
	return s, nil
}

// lookEvery is how often an import that goes on by itself is looked at.
const lookEvery = time.Second

func (a *app) importUndoCommand() *cobra.Command {
	var workspace string
	c := a.jsonFlag(&cobra.Command{
		Use:   "undo IMPORT --workspace WORKSPACE",
		Short: "Take an import back",
		Long: `Take an import back: its entries, the projects, clients, tags and tasks that it made and nothing else uses,
and the memberships of people who have not answered and have nothing else there. What was changed since is
kept and counted.`,
		Example: "  domicile import undo 66f0c0ffee00000000000001 --workspace Acme",
		Args:    cobra.ExactArgs(1),
		RunE: a.run(func(ctx context.Context, args []string) error {
			if workspace == "" {
				return usage("--workspace is needed")
			}
			if !isID(args[0]) {
				return usage("%q is no id of an import: 24 hex digits", args[0])
			}
			u, err := a.user(true)
			if err != nil {
				return err
			}
			id, err := findWorkspace(ctx, u, workspace)
			if err != nil {
				return err
			}
			s, err := u.UndoImport(ctx, id, args[0])
			if err != nil {
				return err
			}
			if s, err = a.written(ctx, u, id, s); err != nil {
				return err
			}
			return a.showImport(s)
		}),
	})
	c.Flags().StringVar(&workspace, "workspace", "", "id or name")
	return c
}

func (a *app) showImport(s client.ImportStatus) error {
	if a.json {
		return a.printJSON(s.Raw)
	}
	state := strings.ToLower(s.State)
	switch {
	case s.DryRun:
		state = "checked only"
	case s.Repeated:
		state = "imported before: nothing was added"
	}
	fields := [][2]string{
		{"import", s.ID},
		{"state", state},
		{"rows", strconv.Itoa(s.Rows)},
		{"time", strconv.FormatInt(s.Seconds, 10) + " s"},
		{"people", strconv.Itoa(s.People)},
		{"read as", strings.Join([]string{s.DateFormat, s.TimeFormat, s.TimeZone}, ", ")},
	}
	if !s.DryRun {
		fields = append(fields, [2]string{"made", counts(s.Made)})
	}
	if s.Removed != nil {
		fields = append(fields, [2]string{"removed", counts(*s.Removed)})
	}
	if s.Kept != nil {
		fields = append(fields, [2]string{"kept, changed since", counts(s.Kept.Counts)})
	}
	return a.printFields(fields)
}

func counts(c client.ImportCounts) string {
	return fmt.Sprintf("%d entries, %d projects, %d clients, %d tags, %d tasks, %d people",
		c.Entries, c.Projects, c.Clients, c.Tags, c.Tasks, c.People)
}
