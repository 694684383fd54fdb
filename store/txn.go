package store

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"domicile/store/record"
)

// plan is what a transaction will write, once it is known that it may.
type plan struct {
	puts    []plannedPut
	deletes []plannedDelete
	seen    map[record.Key]struct{}
}

type plannedPut struct {
	current  *current
	old, new []indexKey
}

type plannedDelete struct {
	current *current
	old     []indexKey
}

// indexKey is a key in the database without the record's id at its end.
type indexKey struct {
	index *record.Index
	key   []byte
}

// txn applies a transaction, or refuses it as a whole.
func (w *writer) txn(t *Txn) (Result, error) {
	if err := w.check(t); err != nil {
		return refuse(0, err)
	}
	s, err := w.space(t.Workspace)
	if err != nil {
		return Result{}, err
	}
	if s.State == StateAbsent {
		return Result{Err: ErrNotFound}, nil
	}
	if first, seen, err := w.token(s, t.Token); err != nil || seen {
		return first, err
	}
	refused := s.writable(t)
	if refused == nil {
		if refused, err = w.prepare(s, t); err != nil {
			return Result{}, err
		}
	}
	if refused == nil {
		if err := w.write(s, t); err != nil {
			return Result{}, err
		}
	}
	result := Result{Revision: s.Revision, Err: refused}
	return result, w.keep(s, t.Token, result)
}

// check refuses a transaction that makes no sense, whatever the store holds.
func (w *writer) check(t *Txn) error {
	if t.Workspace.IsZero() {
		return fmt.Errorf("transaction without a workspace: %w", ErrInvalid)
	}
	for i := range t.If {
		if err := t.If[i].check(); err != nil {
			return err
		}
	}
	if w.plan.seen == nil {
		w.plan.seen = map[record.Key]struct{}{}
	}
	clear(w.plan.seen)
	total := 0
	for i := range t.Puts {
		p := &t.Puts[i]
		if err := w.checkKey(p.Key); err != nil {
			return err
		}
		if len(p.Doc) > MaxDocument {
			return fmt.Errorf("document of %s has %d bytes: %w", p.Key, len(p.Doc), ErrTooLarge)
		}
		if !isDocument(p.Doc) {
			return fmt.Errorf("document of %s is not one line of JSON: %w", p.Key, ErrInvalid)
		}
		total += len(p.Doc)
	}
	if total > MaxTxn {
		return fmt.Errorf("documents of a transaction have %d bytes: %w", total, ErrTooLarge)
	}
	for _, key := range t.Deletes {
		if err := w.checkKey(key); err != nil {
			return err
		}
	}
	return nil
}

// checkKey refuses a key that cannot be, or that the transaction has twice.
func (w *writer) checkKey(key record.Key) error {
	if _, ok := record.Lookup(key.Kind); !ok || key.ID.IsZero() {
		return fmt.Errorf("there can be no %s: %w", key, ErrInvalid)
	}
	if _, twice := w.plan.seen[key]; twice {
		return fmt.Errorf("%s twice in a transaction: %w", key, ErrInvalid)
	}
	w.plan.seen[key] = struct{}{}
	return nil
}

// isDocument reports whether bytes are a JSON object on one line, in UTF-8.
func isDocument(doc []byte) bool {
	return len(doc) > 1 && doc[0] == '{' && bytes.IndexByte(doc, '\n') < 0 && utf8.Valid(doc) && gjson.ValidBytes(doc)
}

func (c *Condition) check() error {
	if _, ok := record.Lookup(c.Key.Kind); !ok {
		return fmt.Errorf("condition on %s: %w", c.Key.Kind, ErrInvalid)
	}
	switch c.Op {
	case IfExists, IfAbsent, IfAt:
		return nil
	case IfFree:
		index := record.Find(c.Key.Kind, c.Index)
		if index == nil || !index.Unique {
			return fmt.Errorf("condition on a unique index that %s lacks: %w", c.Key.Kind, ErrInvalid)
		}
		if _, rest, err := index.Decode(c.Value); err != nil || len(rest) > 0 {
			return fmt.Errorf("condition on index %s of %s: %w", index.Name, c.Key.Kind, ErrInvalid)
		}
		return nil
	}
	return fmt.Errorf("%s: %w", c.Op, ErrInvalid)
}

// prepare judges conditions and unique values, and plans the writes. Its first
// error is a refusal.
func (w *writer) prepare(s *space, t *Txn) (refused, err error) {
	for i := range t.If {
		if refused, err := w.holds(s, &t.If[i]); refused != nil || err != nil {
			return refused, err
		}
	}
	p := &w.plan
	p.puts, p.deletes = p.puts[:0], p.deletes[:0]
	for i := range t.Puts {
		put := &t.Puts[i]
		c, err := w.load(s, put.Key)
		if err != nil {
			return nil, err
		}
		next := plannedPut{current: c, new: indexKeys(s.Workspace, put.Key.Kind, put.Doc)}
		if c.live {
			next.old = indexKeys(s.Workspace, put.Key.Kind, c.doc)
		}
		p.puts = append(p.puts, next)
	}
	for _, key := range t.Deletes {
		c, err := w.load(s, key)
		if err != nil {
			return nil, err
		}
		next := plannedDelete{current: c}
		if c.live {
			next.old = indexKeys(s.Workspace, key.Kind, c.doc)
		}
		p.deletes = append(p.deletes, next)
	}
	if s.State != Active {
		return nil, nil // a revert's steps need not be unique one by one
	}
	return w.judgeUnique(s, t)
}

// holds judges a condition.
func (w *writer) holds(s *space, c *Condition) (refused, err error) {
	if c.Op == IfFree {
		prefix := appendIndexBase(nil, s.Workspace, c.Key.Kind, record.Find(c.Key.Kind, c.Index).Number)
		prefix = append(prefix, c.Value...)
		id, taken, err := w.holder(s, prefix, func(id record.ID) bool { return id == c.Key.ID })
		if err != nil || !taken {
			return nil, err
		}
		return &Conflict{Key: record.Key{Kind: c.Key.Kind, ID: id}, Index: c.Index, Op: IfFree}, nil
	}
	now, err := w.load(s, c.Key)
	if err != nil {
		return nil, err
	}
	ok := now.live == (c.Op != IfAbsent) && (c.Op != IfAt || now.rev == c.Revision)
	if ok {
		return nil, nil
	}
	return &Conflict{Key: c.Key, Op: c.Op}, nil
}

// judgeUnique refuses a transaction after which two records would have one
// value of a unique index. It looks at the state after all of its writes, so
// that two records may swap their names.
func (w *writer) judgeUnique(s *space, t *Txn) (refused, err error) {
	var taken map[string]record.ID
	for i := range w.plan.puts {
		put := &t.Puts[i]
		for _, k := range w.plan.puts[i].new {
			if !k.index.Unique {
				continue
			}
			if other, twice := taken[string(k.key)]; twice && other != put.Key.ID {
				return &Conflict{Key: record.Key{Kind: put.Key.Kind, ID: other}, Index: k.index.Name, Op: IfFree}, nil
			}
			if taken == nil {
				taken = map[string]record.ID{}
			}
			taken[string(k.key)] = put.Key.ID
			// A record that the transaction writes itself is judged by its new values.
			id, found, err := w.holder(s, k.key, func(id record.ID) bool {
				_, written := w.plan.seen[record.Key{Kind: put.Key.Kind, ID: id}]
				return written
			})
			if err != nil {
				return nil, err
			}
			if found {
				return &Conflict{Key: record.Key{Kind: put.Key.Kind, ID: id}, Index: k.index.Name, Op: IfFree}, nil
			}
		}
	}
	return nil, nil
}

// indexKeys returns all index keys of a document.
func indexKeys(ws record.ID, kind record.Kind, doc []byte) []indexKey {
	d, ok := record.Lookup(kind)
	if !ok {
		return nil
	}
	keys := make([]indexKey, 0, len(d.Indexes)+2)
	var all []byte // the keys one after the other, so that most need no memory of their own
	d.IndexKeys(doc, func(index *record.Index, values []byte) {
		if all == nil {
			all = make([]byte, 0, (len(d.Indexes)+1)*(baseLength+4+len(values)+idLength))
		}
		start := len(all)
		all = appendIndexBase(all, ws, kind, index.Number)
		all = append(all, values...)
		keys = append(keys, indexKey{index, all[start:len(all):len(all)]})
	})
	return keys
}
