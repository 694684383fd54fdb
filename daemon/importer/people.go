package importer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// peopleAtOnce is how many people one call of the directory is given.
const peopleAtOnce = 400

// member is the record of somebody who has only been imported.
type member struct {
	ID         record.ID  `json:"id"`
	HourlyRate *struct{}  `json:"hourlyRate"`
	CostRate   *struct{}  `json:"costRate"`
	Roles      []struct{} `json:"roles"`
	ImportID   record.ID  `json:"importId"`
}

// people makes everybody known whom the file names, and returns their ids by folded e-mail address. Those
// who were no members before get a member record that names the import, so that undo finds them.
func (i *Importer) people(ctx context.Context, j *job, w *writer, names []directory.NamedEmail) (map[string]record.ID, error) {
	ids := make(map[string]record.ID, len(names))
	var last store.Revision
	for from := 0; from < len(names); from += peopleAtOnce {
		some := names[from:min(from+peopleAtOnce, len(names))]
		found, revision, err := i.o.Directory.ImportPeople(ctx, directory.PeopleImport{Import: w.ID, Workspace: w.workspace, People: some, By: j.by})
		if err != nil {
			return nil, fmt.Errorf("make people known: %w", err)
		}
		if len(found) != len(some) {
			return nil, fmt.Errorf("make people known: asked for %d, got %d", len(some), len(found))
		}
		for n, p := range some {
			ids[directory.FoldEmail(p.Email)] = found[n].ID
		}
		if err := w.members(ctx, found); err != nil {
			return nil, err
		}
		last = max(last, revision)
	}
	return ids, i.mirrored(ctx, last)
}

// maxMirror is how long a job waits for the mirror.
const maxMirror = 5 * time.Second

// mirrored waits for the mirror, not for ever: entries do not need it; lists of people show those whom
// entries name once it has them.
func (i *Importer) mirrored(ctx context.Context, r store.Revision) error {
	if i.o.Mirrored == nil || r == 0 {
		return nil
	}
	wait, cancel := context.WithTimeout(ctx, maxMirror)
	defer cancel()
	if i.o.Mirrored(wait, r) != nil {
		return ctx.Err()
	}
	return nil
}

func (w *writer) members(ctx context.Context, found []directory.ImportedPerson) error {
	view, err := w.cell.View(ctx)
	if err != nil {
		return fmt.Errorf("view for import: %w", err)
	}
	defer view.Close()
	var b batch
	for _, p := range found {
		if !p.Joined {
			continue
		}
		_, err := view.Get(w.workspace, record.Member, p.ID)
		if err == nil {
			continue
		}
		if !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("read member: %w", err)
		}
		if err := b.add(record.Key{Kind: record.Member, ID: p.ID}, member{ID: p.ID, Roles: []struct{}{}, ImportID: w.ID}); err != nil {
			return err
		}
	}
	if len(b.puts) == 0 {
		return nil
	}
	w.Made.People += len(b.puts)
	return w.commit(ctx, b.puts, b.conditions()...)
}
