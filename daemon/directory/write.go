package directory

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"domicile/replicate"
	"domicile/store"
	"domicile/store/record"
)

// submit proposes a command and gives its outcome as one error.
func submit(ctx context.Context, cell Cell, c store.Command) (store.Result, error) {
	result, err := cell.Submit(ctx, c)
	if err == nil {
		err = result.Err
	}
	return result, err
}

// change is what one attempt of a write wants to do.
type change struct {
	conditions []store.Condition
	puts       []store.Put
	deletes    []record.Key
}

func (c *change) put(kind record.Kind, id record.ID, doc any) error {
	encoded, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("encode %s %s: %w", kind, id, err)
	}
	if err := checkFields(kind, encoded); err != nil {
		return err
	}
	c.puts = append(c.puts, store.Put{Key: record.Key{Kind: kind, ID: id}, Doc: encoded})
	return nil
}

func (c *change) require(conditions ...store.Condition) {
	c.conditions = append(c.conditions, conditions...)
}

// attempts bounds how often a write is built anew because others changed what it had read.
const attempts = 10

// write runs build against fresh views until its transaction commits. build may be called again; a change
// without puts and deletes writes nothing and answers the view's revision. Writes that met a conflict go on
// one after another, so that a crowd on one workspace gets through.
func (d *Directory) write(ctx context.Context, build func(v *store.View, c *change) error) (store.Revision, error) {
	for n := range attempts {
		if n == 1 {
			select {
			case d.retrying <- struct{}{}:
				defer func() { <-d.retrying }()
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
		revision, err := d.attempt(ctx, build)
		var conflict *store.Conflict
		if errors.As(err, &conflict) {
			continue
		}
		return revision, err
	}
	return 0, ErrConflict
}

func (d *Directory) attempt(ctx context.Context, build func(v *store.View, c *change) error) (store.Revision, error) {
	v, err := d.o.Cell.View(ctx)
	if err != nil {
		return 0, away(ctx, err)
	}
	defer v.Close()
	var c change
	if err := build(v, &c); err != nil {
		return 0, err
	}
	h, err := v.Header(record.DirectoryID)
	if err != nil {
		return 0, fmt.Errorf("read the directory's header: %w", err)
	}
	if len(c.puts)+len(c.deletes) == 0 {
		return h.Revision, nil
	}
	txn := store.Txn{Workspace: record.DirectoryID, Epoch: h.Epoch, If: c.conditions, Puts: c.puts, Deletes: c.deletes}
	if _, err := rand.Read(txn.Token[:]); err != nil {
		return 0, fmt.Errorf("make token: %w", err)
	}
	result, err := submit(ctx, d.o.Cell, store.Command{Txn: &txn})
	if err != nil {
		var conflict *store.Conflict
		if errors.As(err, &conflict) {
			return 0, err
		}
		return 0, away(ctx, err)
	}
	return result.Revision, nil
}

// now is the time as documents have it.
func (d *Directory) now() time.Time { return d.o.Now().UTC().Truncate(time.Millisecond) }

func (d *Directory) has(v *store.View, kind record.Kind, id record.ID) (bool, error) {
	_, err := v.Get(record.DirectoryID, kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// hold makes the change conditional on a record being as the view has it.
func (d *Directory) hold(v *store.View, c *change, kind record.Kind, id record.ID) error {
	_, err := d.holdDoc(v, c, kind, id)
	return err
}

func (d *Directory) holdDoc(v *store.View, c *change, kind record.Kind, id record.ID) ([]byte, error) {
	rec, err := v.Get(record.DirectoryID, kind, id)
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", kind, id, err)
	}
	c.require(store.At(rec.Key, rec.Revision))
	return rec.Doc, nil
}

// touch rewrites a record as it is, so that it is in the feed again.
func (d *Directory) touch(v *store.View, c *change, kind record.Kind, id record.ID) error {
	doc, err := d.holdDoc(v, c, kind, id)
	if err != nil {
		return err
	}
	c.puts = append(c.puts, store.Put{Key: record.Key{Kind: kind, ID: id}, Doc: doc})
	return nil
}

func (d *Directory) trail(c *change, by Actor, code, reason string, subjects ...record.ID) error {
	if d.o.Trail == nil {
		return nil
	}
	if by.Kind == "" {
		by.Kind = "system"
	}
	put, err := d.o.Trail(d.now(), by.Kind, by.Person, record.ID{}, code, reason, subjects)
	if err != nil {
		return err
	}
	if err := checkFields(put.Key.Kind, put.Doc); err != nil {
		return err
	}
	c.puts = append(c.puts, put)
	return nil
}

// away types the errors of proposing and of reading: what is not a refusal of the store is the directory's
// being away.
func away(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, replicate.ErrUnknownOutcome):
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	case errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrTooLarge):
		return fmt.Errorf("write to the directory: %w", err)
	default:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
}
