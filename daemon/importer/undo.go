package importer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidwall/gjson"

	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// Undo takes an import back and returns when that is done, or when ctx ends: the job then goes on. Undoing
// what is undone changes nothing. An import that is still being written stops and is taken back.
func (i *Importer) Undo(ctx context.Context, workspace, id record.ID, by directory.Actor) (Status, error) {
	for {
		state, err := i.beginUndo(ctx, workspace, id)
		if conflict := (*store.Conflict)(nil); errors.As(err, &conflict) {
			continue // the job has written meanwhile
		}
		if err != nil {
			return Status{}, err
		}
		if state == Undone {
			return i.Get(ctx, workspace, id)
		}
		j, err := i.enqueue(&job{workspace: workspace, id: id, file: keptPath(i.o.Dir, workspace, id), by: by})
		if err != nil {
			return Status{}, err
		}
		// The job may be the one that wrote the import, and have ended before it saw that it is to be undone:
		// then the loop makes another.
		s, err := i.await(ctx, j, false)
		if err != nil || s.State == Undone {
			return s, err
		}
	}
}

// beginUndo asks for the undo in the import record, and answers the state that it is in then.
func (i *Importer) beginUndo(ctx context.Context, workspace, id record.ID) (State, error) {
	w, err := i.resumeAt(ctx, workspace, id)
	if errors.Is(err, ErrGone) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", err
	}
	if w.State == Undoing || w.State == Undone {
		return w.State, nil
	}
	// From here on the ranges stand still: what undo writes is not what the import wrote.
	w.Written, w.Latest = w.ranges(), 0
	w.State, w.EndedAt = Undoing, time.Time{}
	w.Removed = &Counts{}
	return Undoing, w.remove(ctx, nil)
}

// undo removes what the import made, in the order of references.
func (i *Importer) undo(ctx context.Context, j *job, w *writer) error {
	w.Kept = &Kept{}
	if w.Removed == nil {
		w.Removed = &Counts{}
	}
	for _, kind := range []record.Kind{record.TimeEntry, record.Task, record.Project, record.Client, record.Tag} {
		if err := w.takeBack(ctx, kind); err != nil {
			return err
		}
	}
	if err := i.takeBackPeople(ctx, j, w); err != nil {
		return err
	}
	w.State, w.EndedAt, w.Hash = Undone, i.o.Now().UTC().Truncate(time.Second), ""
	return w.remove(ctx, nil)
}

// takeBack removes the import's records of one kind, but those that were changed or are used.
func (w *writer) takeBack(ctx context.Context, kind record.Kind) error {
	prefix, err := record.Find(kind, "import").Prefix(record.RefValue(w.ID))
	if err != nil {
		return fmt.Errorf("index import of %s: %w", kind, err)
	}
	var after []byte
	for more := true; more; {
		if more, after, err = w.takeBackSome(ctx, kind, prefix, after); err != nil {
			return err
		}
	}
	return nil
}

// takeBackSome makes at most one transaction. It goes on after the given index key, since what was kept
// before is still in the index.
func (w *writer) takeBackSome(ctx context.Context, kind record.Kind, prefix, after []byte) (bool, []byte, error) {
	view, err := w.cell.View(ctx)
	if err != nil {
		return false, nil, fmt.Errorf("view for undo: %w", err)
	}
	defer view.Close()
	others, err := w.otherUses(view, kind)
	if err != nil {
		return false, nil, err
	}
	var remove []record.Key
	var conditions []store.Condition
	more := false
	for e, err := range view.Index(w.workspace, kind, "import", store.Range{Prefix: prefix, After: after}) {
		if err != nil {
			return false, nil, fmt.Errorf("list %s of import: %w", kind, err)
		}
		if len(remove) == maxPuts-1 {
			more = true
			break
		}
		after = e.Key
		r, err := view.Get(w.workspace, kind, e.ID)
		if err != nil {
			return false, nil, fmt.Errorf("read %s: %w", kind, err)
		}
		keep := !wrote(w.Written, r.Revision) || others[e.ID]
		if !keep {
			if keep, err = w.used(view, kind, e.ID); err != nil {
				return false, nil, err
			}
		}
		if keep {
			w.keep(kind, e.ID)
			continue
		}
		remove = append(remove, r.Key)
		conditions = append(conditions, store.At(r.Key, r.Revision))
	}
	if len(remove) == 0 {
		return false, after, nil
	}
	w.count(w.Removed, kind, len(remove))
	kept := w.Kept
	if err := w.remove(ctx, remove, conditions...); err != nil {
		return false, nil, err
	}
	w.Kept = kept
	return more, after, nil
}

func (w *writer) count(c *Counts, kind record.Kind, n int) {
	switch kind {
	case record.TimeEntry:
		c.Entries += n
	case record.Project:
		c.Projects += n
	case record.Client:
		c.Clients += n
	case record.Tag:
		c.Tags += n
	case record.Task:
		c.Tasks += n
	case record.Member:
		c.People += n
	}
}

func (w *writer) keep(kind record.Kind, id record.ID) {
	w.count(&w.Kept.Counts, kind, 1)
	list := map[record.Kind]*[]record.ID{
		record.TimeEntry: &w.Kept.Entries, record.Project: &w.Kept.Projects, record.Client: &w.Kept.Clients,
		record.Tag: &w.Kept.Tags, record.Task: &w.Kept.Tasks, record.Member: &w.Kept.People,
	}[kind]
	if len(*list) < maxListed {
		*list = append(*list, id)
	}
}

// uses has a row for each index by which one finds records that refer to a record of a kind.
var uses = []struct {
	of, by record.Kind
	index  string
	text   bool // the id is indexed as text
}{
	{record.Task, record.TimeEntry, "task", false},
	{record.Project, record.TimeEntry, "project_start", false},
	{record.Project, record.Task, "name", false},
	{record.Client, record.Project, "client", true},
	{record.Tag, record.TimeEntry, "tag", false},
	{record.Member, record.TimeEntry, "user_start", false},
}

// used says whether a record is referred to by one that an index finds.
func (w *writer) used(view *store.View, kind record.Kind, id record.ID) (bool, error) {
	for _, u := range uses {
		if u.of != kind {
			continue
		}
		value := record.RefValue(id)
		if u.text {
			value = record.TextValue(id.String())
		}
		_, found, err := lookup(view, w.workspace, u.by, u.index, value)
		if err != nil || found {
			return found, err
		}
	}
	return false, nil
}

// otherUses are the ids of a kind that records of kinds without such an index refer to: expenses,
// invoices. There are few of them.
func (w *writer) otherUses(view *store.View, kind record.Kind) (map[record.ID]bool, error) {
	found := map[record.ID]bool{}
	for _, d := range record.Kinds() {
		for _, ref := range d.Refs {
			if ref.Kind != kind || indexed(kind, d.Kind) {
				continue
			}
			for r, err := range view.Records(w.workspace, d.Kind) {
				if err != nil {
					return nil, fmt.Errorf("list %s: %w", d.Kind, err)
				}
				gjson.GetBytes(r.Doc, ref.Path).ForEach(func(_, value gjson.Result) bool {
					if id, err := record.ParseID(value.String()); err == nil {
						found[id] = true
					}
					return true
				})
			}
		}
	}
	return found, nil
}

func indexed(of, by record.Kind) bool {
	for _, u := range uses {
		if u.of == of && u.by == by {
			return true
		}
	}
	return false
}

// takeBackPeople ends the memberships that the import made and nobody has answered, of people who have
// nothing else here.
func (i *Importer) takeBackPeople(ctx context.Context, j *job, w *writer) error {
	prefix, err := record.Find(record.Member, "import").Prefix(record.RefValue(w.ID))
	if err != nil {
		return fmt.Errorf("index import of member: %w", err)
	}
	var after []byte
	for {
		leaving, conditions, last, err := w.leaving(ctx, prefix, after)
		if err != nil || len(leaving) == 0 {
			return err
		}
		after = last
		persons := make([]record.ID, len(leaving))
		for n, k := range leaving {
			persons[n] = k.ID
		}
		// The directory goes first: the member records are how a repeat finds who is to leave.
		revision, err := i.o.Directory.RemoveMembers(ctx, directory.Removal{Workspace: w.workspace, Persons: persons, OnlyPending: true, By: j.by})
		if err != nil {
			return fmt.Errorf("end memberships: %w", err)
		}
		if err := i.mirrored(ctx, revision); err != nil {
			return err
		}
		w.count(w.Removed, record.Member, len(leaving))
		kept := w.Kept
		if err := w.remove(ctx, leaving, conditions...); err != nil {
			return err
		}
		w.Kept = kept
	}
}

// leaving lists some of those who are to leave, after an index key.
func (w *writer) leaving(ctx context.Context, prefix, after []byte) ([]record.Key, []store.Condition, []byte, error) {
	view, err := w.cell.View(ctx)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("view for undo: %w", err)
	}
	defer view.Close()
	var remove []record.Key
	var conditions []store.Condition
	for e, err := range view.Index(w.workspace, record.Member, "import", store.Range{Prefix: prefix, After: after}) {
		if err != nil {
			return nil, nil, nil, fmt.Errorf("list members of import: %w", err)
		}
		if len(remove) == peopleAtOnce {
			break
		}
		after = e.Key
		r, err := view.Get(w.workspace, record.Member, e.ID)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("read member: %w", err)
		}
		stays := !wrote(w.Written, r.Revision)
		if !stays {
			if stays, err = w.used(view, record.Member, e.ID); err != nil {
				return nil, nil, nil, err
			}
		}
		if !stays {
			if stays, err = answered(view, e.ID, w.workspace); err != nil {
				return nil, nil, nil, err
			}
		}
		if stays {
			w.keep(record.Member, e.ID)
			continue
		}
		remove = append(remove, r.Key)
		conditions = append(conditions, store.At(r.Key, r.Revision))
	}
	return remove, conditions, after, nil
}

// answered says whether somebody has answered the invitation that the import stands for.
func answered(view *store.View, person, workspace record.ID) (bool, error) {
	m, err := directory.Mirror{}.Membership(view, person, workspace)
	if errors.Is(err, directory.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read membership: %w", err)
	}
	return m.Status != directory.Pending, nil
}
