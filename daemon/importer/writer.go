package importer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"domicile/store"
	"domicile/store/record"
)

const (
	// maxPuts is how many records a transaction has, the import record included.
	maxPuts = 500
	// maxBytes is how many bytes of documents a transaction has besides the import record, which is below
	// 128 KiB for the largest file that is taken: both together stay below the store's 512 KiB.
	maxBytes = 352 << 10
)

// writer commits one job's transactions, each with the import record as condition and as its last put.
type writer struct {
	cell      Cell
	workspace record.ID
	epoch     store.Epoch
	*progress
}

// open finds out whether a workspace can be written here, and in which epoch.
func (i *Importer) open(ctx context.Context, workspace record.ID) (*writer, error) {
	view, err := i.o.Cell.View(ctx)
	if err != nil {
		return nil, fmt.Errorf("view for import: %w", err)
	}
	defer view.Close()
	h, err := view.Header(workspace)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("read header: %w", err)
	}
	switch h.State {
	case store.Active:
		return &writer{cell: i.o.Cell, workspace: workspace, epoch: h.Epoch, progress: &progress{}}, nil
	case store.Locked:
		return nil, store.ErrLocked
	}
	return nil, ErrGone
}

// resumeAt opens a workspace for an import that has begun.
func (i *Importer) resumeAt(ctx context.Context, workspace, id record.ID) (*writer, error) {
	w, err := i.open(ctx, workspace)
	if err != nil {
		return nil, err
	}
	return w, w.reload(ctx, id)
}

// reload reads the import record again.
func (w *writer) reload(ctx context.Context, id record.ID) error {
	view, err := w.cell.View(ctx)
	if err != nil {
		return fmt.Errorf("view for import: %w", err)
	}
	defer view.Close()
	p, err := read(view, w.workspace, id)
	if err != nil {
		return err
	}
	w.progress = &p
	return nil
}

func (w *writer) key() record.Key { return record.Key{Kind: record.Import, ID: w.ID} }

// commit writes records of the import together with its record, whose fields the caller has set as they
// shall be afterwards. If the transaction is refused the fields are ahead of what is written, and the
// caller starts again from reload.
func (w *writer) commit(ctx context.Context, puts []store.Put, conditions ...store.Condition) error {
	next := w.next(len(puts))
	doc, err := encode(next)
	if err != nil {
		return fmt.Errorf("encode import record: %w", err)
	}
	if w.revision > 0 {
		conditions = append(slices.Clone(conditions), store.At(w.key(), w.revision))
	}
	result, err := w.submit(ctx, &store.Txn{
		If: conditions, Puts: append(slices.Clone(puts), store.Put{Key: w.key(), Doc: doc}),
	})
	if err != nil {
		return err
	}
	// Puts take revisions in their order: the import record, being last, has the workspace's.
	w.document, w.revision = next, result.Revision
	return nil
}

// remove deletes records together with a put of the import record, which must not count as the import's
// own writing any more.
func (w *writer) remove(ctx context.Context, keys []record.Key, conditions ...store.Condition) error {
	doc, err := encode(w.document)
	if err != nil {
		return fmt.Errorf("encode import record: %w", err)
	}
	_, err = w.submit(ctx, &store.Txn{
		If:   append(slices.Clone(conditions), store.At(w.key(), w.revision)),
		Puts: []store.Put{{Key: w.key(), Doc: doc}}, Deletes: keys,
	})
	if err != nil {
		return err
	}
	return w.reload(ctx, w.ID)
}

func (w *writer) submit(ctx context.Context, txn *store.Txn) (store.Result, error) {
	txn.Workspace, txn.Epoch = w.workspace, w.epoch
	result, err := w.cell.Submit(ctx, store.Command{Txn: txn})
	if err == nil {
		err = result.Err
	}
	if err != nil {
		return store.Result{}, fmt.Errorf("write import %s: %w", w.ID, err)
	}
	return result, nil
}

// batch gathers puts up to what one transaction takes.
type batch struct {
	puts  []store.Put
	needs map[record.Key]struct{} // records that the puts refer to
	bytes int
}

func (b *batch) add(key record.Key, document any) error {
	doc, err := encode(document)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key.Kind, err)
	}
	b.puts = append(b.puts, store.Put{Key: key, Doc: doc})
	b.bytes += len(doc)
	return nil
}

func (b *batch) need(kind record.Kind, id record.ID) {
	if b.needs == nil {
		b.needs = map[record.Key]struct{}{}
	}
	b.needs[record.Key{Kind: kind, ID: id}] = struct{}{}
}

// full says that another record might not fit: one may have 32 KiB.
func (b *batch) full() bool { return len(b.puts) >= maxPuts-1 || b.bytes >= maxBytes-(32<<10) }

// conditions are that what is referred to exists, and that what is put is new.
func (b *batch) conditions() []store.Condition { return b.conditionsBut(nil) }

// conditionsBut leaves out records that have conditions of their own.
func (b *batch) conditionsBut(others []store.Condition) []store.Condition {
	conditions := make([]store.Condition, 0, len(b.needs)+len(b.puts))
	own := make(map[record.Key]struct{}, len(b.puts))
	for _, p := range b.puts {
		own[p.Key] = struct{}{}
		if !slices.ContainsFunc(others, func(c store.Condition) bool { return c.Key == p.Key }) {
			conditions = append(conditions, store.Absent(p.Key))
		}
	}
	for k := range b.needs {
		if _, ok := own[k]; !ok {
			conditions = append(conditions, store.Exists(k))
		}
	}
	slices.SortFunc(conditions, func(a, b store.Condition) int {
		if a.Key.Kind != b.Key.Kind {
			return int(a.Key.Kind) - int(b.Key.Kind)
		}
		return a.Key.ID.Compare(b.Key.ID)
	})
	return conditions
}

func (b *batch) reset() { *b = batch{puts: b.puts[:0]} }
