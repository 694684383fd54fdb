package directory

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"domicile/store"
	"domicile/store/record"
)

// txnLimits bound a transaction of the mirror, the cursor's record excepted.
type txnLimits struct {
	records int
	bytes   int // of documents
}

func defaultTxnLimits() txnLimits { return txnLimits{records: 499, bytes: 500 << 10} }

// cursorDoc is where the mirror stands, a record that moves in the same transaction as the mirror.
type cursorDoc struct {
	ID     record.ID `json:"id"`
	Cursor string    `json:"cursor"`
}

func mirrorCursorID() record.ID { return record.DeriveID("cursor", "directory") }

// cursor is what the mirror has reached: "" if it has not begun.
func (f *Follower) cursor(ctx context.Context) (string, error) {
	v, err := f.o.Cell.View(ctx)
	if err != nil {
		return "", fmt.Errorf("read the mirror's cursor: %w", err)
	}
	defer v.Close()
	c, _, err := read[cursorDoc](f.mirror, v, record.Cursor, mirrorCursorID())
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return c.Cursor, err
}

// forget makes the next step read everything anew; what the mirror has stays until it is swept.
func (f *Follower) forget(ctx context.Context) error {
	return f.commit(ctx, nil, []record.Key{{Kind: record.Cursor, ID: mirrorCursorID()}}, "")
}

// apply makes the mirror what a page says and moves the cursor, in one transaction where the page fits one.
func (f *Follower) apply(ctx context.Context, page Page) error {
	puts, deletes, err := f.difference(ctx, page)
	if err != nil {
		return err
	}
	for {
		n, size := 0, 0
		for n < len(puts) && n < f.limits.records && (n == 0 || size+len(puts[n].Doc) <= f.limits.bytes) {
			size += len(puts[n].Doc)
			n++
		}
		d := min(len(deletes), f.limits.records-n)
		if n < len(puts) {
			d = 0 // what is deleted is deleted last
		}
		cursor := ""
		if n == len(puts) && d == len(deletes) {
			cursor = page.Cursor
		}
		if err := f.commit(ctx, puts[:n], deletes[:d], cursor); err != nil {
			return fmt.Errorf("apply a page of the directory: %w", err)
		}
		puts, deletes = puts[n:], deletes[d:]
		if cursor != "" {
			return nil
		}
	}
}

// difference is what must change for the mirror to be as the page says: puts that change something, and
// deletes of what is there. With a person go their keys and sessions, with a membership its denial, and with
// a person's last membership here all that they had.
func (f *Follower) difference(ctx context.Context, page Page) ([]store.Put, []record.Key, error) {
	v, err := f.o.Cell.View(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read the mirror: %w", err)
	}
	defer v.Close()
	var puts []store.Put
	wanted := map[record.Key]bool{}
	for _, p := range page.Puts {
		wanted[p.Key] = true
		rec, err := v.Get(f.mirror.in(), p.Key.Kind, p.Key.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, nil, fmt.Errorf("read %s: %w", p.Key, err)
		}
		if err != nil || !bytes.Equal(rec.Doc, p.Doc) {
			puts = append(puts, p)
		}
	}
	gone := newKeySet()
	for _, key := range page.Deletes {
		if !wanted[key] {
			gone.add(key)
		}
	}
	for _, s := range page.Sweeps {
		for rec, err := range v.Records(f.mirror.in(), s.Kind) {
			if err != nil {
				return nil, nil, fmt.Errorf("read %s records: %w", s.Kind, err)
			}
			if s.has(rec.Key.ID) && !wanted[rec.Key] {
				gone.add(rec.Key)
			}
		}
	}
	order(nil, gone.keys)
	deletes, err := f.goneWith(v, gone.keys)
	return puts, deletes, err
}

func (s Sweep) has(id record.ID) bool {
	return (s.After.IsZero() || id.Compare(s.After) > 0) && (s.Through.IsZero() || id.Compare(s.Through) <= 0)
}

// goneWith keeps those keys that the mirror has, each followed by the region's own records that end with it.
func (f *Follower) goneWith(v *store.View, keys []record.Key) ([]record.Key, error) {
	set := newKeySet()
	for _, key := range keys {
		rec, err := v.Get(f.mirror.in(), key.Kind, key.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", key, err)
		}
		set.add(key)
		switch key.Kind {
		case record.Person:
			for _, of := range []record.Kind{record.APIKey, record.Session, record.Denial} {
				ids, err := f.mirror.ids(v, of, "person", record.RefValue(key.ID))
				if err != nil {
					return nil, err
				}
				for _, id := range ids {
					set.add(record.Key{Kind: of, ID: id})
				}
			}
		case record.Membership:
			var m Membership
			if err := json.Unmarshal(rec.Doc, &m); err != nil {
				return nil, fmt.Errorf("decode %s: %w", key, err)
			}
			denial := record.Key{Kind: record.Denial, ID: DenialID(m.PersonID, m.WorkspaceID)}
			if _, err := v.Get(f.mirror.in(), denial.Kind, denial.ID); err == nil {
				set.add(denial)
			}
		}
	}
	return set.keys, nil
}

// DenialID is the id of the denial that shuts a person out of a workspace in a region.
func DenialID(person, workspace record.ID) record.ID {
	return record.DeriveID("denial", person.String(), workspace.String())
}

// commit writes one transaction to the mirror, with the cursor if there is one. The store judges unique values
// by what is there after the transaction, so only a page that is cut can meet a value whose holder gives it
// up in a later piece. The holder is then deleted first: the directory has no two with the value, so what
// the mirror has is old, and what it must be is still to come.
func (f *Follower) commit(ctx context.Context, puts []store.Put, deletes []record.Key, cursor string) error {
	if cursor != "" {
		doc, err := json.Marshal(cursorDoc{ID: mirrorCursorID(), Cursor: cursor})
		if err != nil {
			return fmt.Errorf("encode cursor: %w", err)
		}
		puts = append(puts[:len(puts):len(puts)], store.Put{Key: record.Key{Kind: record.Cursor, ID: mirrorCursorID()}, Doc: doc})
	}
	for range len(puts) + 1 {
		txn := store.Txn{Workspace: f.mirror.in(), Epoch: firstEpoch, Puts: puts, Deletes: deletes}
		if _, err := rand.Read(txn.Token[:]); err != nil {
			return fmt.Errorf("make token: %w", err)
		}
		_, err := submit(ctx, f.o.Cell, store.Command{Txn: &txn})
		var conflict *store.Conflict
		if !errors.As(err, &conflict) || conflict.Index == "" {
			return err
		}
		stale := store.Txn{Workspace: f.mirror.in(), Epoch: firstEpoch, Deletes: []record.Key{conflict.Key}}
		if _, err := submit(ctx, f.o.Cell, store.Command{Txn: &stale}); err != nil {
			return err
		}
	}
	return ErrConflict
}
