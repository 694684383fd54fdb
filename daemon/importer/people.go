package importer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidwall/sjson"

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

// people makes everybody known whom the file names, and returns their ids by folded e-mail address.
//
// Who is no member yet gets a member record that names the import, and only then a membership: undo finds
// them by that record, and a job that stopped between the two finds on its return whom it meant.
func (i *Importer) people(ctx context.Context, j *job, w *writer, names []directory.NamedEmail) (map[string]record.ID, error) {
	ids := make(map[string]record.ID, len(names))
	var last store.Revision
	for from := 0; from < len(names); from += peopleAtOnce {
		some := names[from:min(from+peopleAtOnce, len(names))]
		expected, err := i.expect(ctx, w, some)
		if err != nil {
			return nil, err
		}
		if err := w.members(ctx, expected); err != nil {
			return nil, err
		}
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
		last = max(last, revision)
	}
	return ids, i.mirrored(ctx, last)
}

// expect tells under which ids the directory knows people, or will.
func (i *Importer) expect(ctx context.Context, w *writer, names []directory.NamedEmail) ([]record.ID, error) {
	emails := make([]string, len(names))
	for n, p := range names {
		emails[n] = p.Email
	}
	known, err := i.o.Directory.People(ctx, directory.PeopleQuery{Emails: emails})
	if err != nil {
		return nil, fmt.Errorf("look people up: %w", err)
	}
	byEmail := make(map[string]record.ID, len(known))
	for _, p := range known {
		byEmail[directory.FoldEmail(p.Email)] = p.ID
	}
	ids := make([]record.ID, len(names))
	for n, p := range names {
		id, ok := byEmail[directory.FoldEmail(p.Email)]
		if !ok {
			id = directory.ImportedPersonID(w.ID, p.Email)
		}
		ids[n] = id
	}
	return ids, nil
}

// members marks those who are no members yet as the import's.
func (w *writer) members(ctx context.Context, people []record.ID) error {
	view, err := w.cell.View(ctx)
	if err != nil {
		return fmt.Errorf("view for import: %w", err)
	}
	defer view.Close()
	var b batch
	var returning []store.Condition
	for _, id := range people {
		_, err := directory.Mirror{}.Membership(view, id, w.workspace)
		if err == nil {
			continue
		}
		if !errors.Is(err, directory.ErrNotFound) {
			return fmt.Errorf("read membership: %w", err)
		}
		key := record.Key{Kind: record.Member, ID: id}
		r, err := view.Get(w.workspace, record.Member, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
			if err := b.add(key, member{ID: id, Roles: []struct{}{}, ImportID: w.ID}); err != nil {
				return err
			}
		case err != nil:
			return fmt.Errorf("read member: %w", err)
		default:
			// A member of earlier days, or marked by an attempt that was cut off.
			doc, err := sjson.SetBytes(r.Doc, "importId", w.ID.String())
			if err != nil {
				return fmt.Errorf("mark member: %w", err)
			}
			if string(doc) != string(r.Doc) {
				returning = append(returning, store.At(key, r.Revision))
				b.puts = append(b.puts, store.Put{Key: key, Doc: doc})
			}
		}
	}
	if len(b.puts) == 0 {
		return nil
	}
	w.Made.People += len(b.puts)
	return w.commit(ctx, b.puts, append(b.conditionsBut(returning), returning...)...)
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
