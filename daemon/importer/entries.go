package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"domicile/daemon/directory"
	"domicile/daemon/importer/clockifycsv"
	"domicile/store"
	"domicile/store/record"
)

// write brings an import to its end from wherever it is.
func (i *Importer) write(ctx context.Context, j *job, w *writer) error {
	layout, err := clockifycsv.ParseLayout(w.DateFormat, w.TimeFormat, w.TimeZone)
	if err != nil {
		return fmt.Errorf("read import record: %w", err)
	}
	n := &names{byKey: map[string]*name{}, known: map[string]struct{}{}}
	err = each(ctx, j.file, layout, i.o.Limits, func(r clockifycsv.Row) error {
		n.visit(r)
		return nil
	})
	if err != nil {
		return err
	}
	people, err := i.people(ctx, j, w, n.people)
	if err != nil {
		return err
	}
	if err := w.resolve(ctx, n); err != nil {
		return err
	}
	if err := w.entries(ctx, j.file, layout, i.o.Limits, n, people); err != nil {
		return err
	}
	w.State, w.EndedAt = Done, i.o.Now().UTC().Truncate(time.Second)
	return w.commit(ctx, nil)
}

// each calls f with the file's rows in order.
func each(ctx context.Context, file string, layout clockifycsv.Layout, limits clockifycsv.Limits, f func(clockifycsv.Row) error) error {
	from, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("open spool file: %w", err)
	}
	defer from.Close()
	r, err := clockifycsv.NewReader(from, layout, limits)
	if err != nil {
		return fmt.Errorf("read spool file: %w", err)
	}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read spool file: %w", err)
		}
		if err := f(row); err != nil {
			return err
		}
		if row.Row%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// entries writes the rows that are not written yet. The row's number in the file is part of the entry's id,
// so equal rows are separate entries, and a row written twice would be one.
func (w *writer) entries(ctx context.Context, file string, layout clockifycsv.Layout, limits clockifycsv.Limits, n *names, people map[string]record.ID) error {
	n.known = nil // people have been counted
	var b batch
	done, row := w.RowsDone, 0
	flush := func() error {
		if len(b.puts) == 0 {
			return nil
		}
		w.RowsDone, w.Made.Entries = row, w.Made.Entries+len(b.puts)
		if err := w.commit(ctx, b.puts, b.conditions()...); err != nil {
			return err
		}
		b.reset()
		return nil
	}
	err := each(ctx, file, layout, limits, func(r clockifycsv.Row) error {
		if row++; row <= done {
			return nil
		}
		e, err := w.entry(r, row, n, people)
		if err != nil {
			return err
		}
		for _, ref := range e.refs {
			b.need(ref.Kind, ref.ID)
		}
		if err := b.add(record.Key{Kind: record.TimeEntry, ID: e.doc.ID}, e.doc); err != nil {
			return err
		}
		if b.full() {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// entry is a time entry and what it refers to.
type entry struct {
	doc  timeEntry
	refs []record.Key
}

func (w *writer) entry(r clockifycsv.Row, row int, n *names, people map[string]record.ID) (entry, error) {
	user, ok := people[directory.FoldEmail(r.Email)]
	if !ok {
		return entry{}, fmt.Errorf("row %d: person was not made known: %w", r.Row, store.ErrCorrupt)
	}
	e := entry{doc: newTimeEntry(record.DeriveID("imported entry", w.ID.String(), strconv.Itoa(row)), user, w.ID, r)}
	k := n.visit(r)
	if k.project != "" {
		id := n.byKey[k.project].id
		e.doc.ProjectID = &id
		e.refs = append(e.refs, record.Key{Kind: record.Project, ID: id})
	}
	if k.task != "" {
		id := n.byKey[k.task].id
		e.doc.TaskID = &id
		e.refs = append(e.refs, record.Key{Kind: record.Task, ID: id})
	}
	for _, t := range k.tags {
		id := n.byKey[t].id
		e.doc.TagIDs = append(e.doc.TagIDs, id)
		e.refs = append(e.refs, record.Key{Kind: record.Tag, ID: id})
	}
	return e, nil
}
