package importer

import (
	"context"
	"errors"
	"fmt"

	"domicile/daemon/directory"
	"domicile/daemon/importer/clockifycsv"
	"domicile/store"
	"domicile/store/record"
)

// name is a client, project, tag or task that a file names.
type name struct {
	kind  record.Kind
	owner string // key of the client that a project, or the project that a task is of; "" for none
	text  string
	id    record.ID // zero until it is resolved
}

// names are what a file names, in the order in which it does.
type names struct {
	people []directory.NamedEmail
	list   []*name
	byKey  map[string]*name
	known  map[string]struct{} // people's addresses
}

// key identifies a name as the store's unique index does: folded, within its owner.
func key(kind record.Kind, owner, text string) string {
	prefix, err := record.Find(record.Tag, "name").Prefix(record.FoldedValue(text))
	if err != nil {
		prefix = []byte(text) // cannot be: the index has one folded field
	}
	return kind.String() + "\x00" + owner + "\x00" + string(prefix)
}

func (n *names) note(kind record.Kind, owner, text string) string {
	k := key(kind, owner, text)
	if n.byKey[k] == nil {
		one := &name{kind: kind, owner: owner, text: text}
		n.byKey[k] = one
		n.list = append(n.list, one)
	}
	return k
}

// keys are the keys of what a row names; empty for what it does not name.
type keys struct {
	project, task string
	tags          []string
}

func (n *names) visit(r clockifycsv.Row) keys {
	if address := directory.FoldEmail(r.Email); n.known != nil {
		if _, ok := n.known[address]; !ok {
			n.known[address] = struct{}{}
			n.people = append(n.people, directory.NamedEmail{Email: r.Email, Name: r.User})
		}
	}
	var k keys
	if r.Project != "" {
		client := ""
		if r.Client != "" {
			client = n.note(record.Client, "", r.Client)
		}
		k.project = n.note(record.Project, client, r.Project)
		if r.Task != "" {
			k.task = n.note(record.Task, k.project, r.Task)
		}
	}
	for _, t := range r.Tags {
		k.tags = append(k.tags, n.note(record.Tag, "", t))
	}
	return k
}

// resolve gives every name of a kind its id: of the record that the workspace has, or of a new one. Kinds
// are resolved in the order of their references.
func (w *writer) resolve(ctx context.Context, n *names) error {
	for _, kind := range []record.Kind{record.Client, record.Project, record.Tag, record.Task} {
		for {
			more, err := w.resolveSome(ctx, n, kind)
			if err != nil {
				return err
			}
			if !more {
				break
			}
		}
	}
	return nil
}

// resolveSome makes at most one transaction; more says that there are names left.
func (w *writer) resolveSome(ctx context.Context, n *names, kind record.Kind) (more bool, err error) {
	view, err := w.cell.View(ctx)
	if err != nil {
		return false, fmt.Errorf("view for import: %w", err)
	}
	defer view.Close()
	var b batch
	var fresh []*name
	for _, one := range n.list {
		if one.kind != kind || !one.id.IsZero() {
			continue
		}
		if b.full() {
			more = true
			break
		}
		owner := record.ID{}
		if one.owner != "" {
			owner = n.byKey[one.owner].id
		}
		id, exists, err := w.find(view, one, owner)
		if err != nil {
			return false, err
		}
		if exists {
			one.id = id
			continue
		}
		if err := b.add(record.Key{Kind: kind, ID: id}, w.newDocument(kind, id, owner, one.text)); err != nil {
			return false, err
		}
		if !owner.IsZero() {
			b.need(n.byKey[one.owner].kind, owner)
		}
		fresh = append(fresh, one)
	}
	if len(b.puts) == 0 {
		return more, nil
	}
	w.made(kind, len(b.puts))
	if err := w.commit(ctx, b.puts, b.conditions()...); err != nil {
		return false, err
	}
	for k, one := range fresh {
		one.id = b.puts[k].Key.ID
	}
	return more, nil
}

func (w *writer) made(kind record.Kind, n int) {
	switch kind {
	case record.Client:
		w.Made.Clients += n
	case record.Project:
		w.Made.Projects += n
	case record.Tag:
		w.Made.Tags += n
	case record.Task:
		w.Made.Tasks += n
	}
}

// find returns the id of the record that a name means, and whether it is there. One that this import has
// made goes first: it may have been renamed since.
func (w *writer) find(view *store.View, one *name, owner record.ID) (record.ID, bool, error) {
	own := record.DeriveID("imported "+one.kind.String(), w.ID.String(), owner.String(), key(one.kind, "", one.text))
	_, err := view.Get(w.workspace, one.kind, own)
	if err == nil {
		return own, true, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return record.ID{}, false, fmt.Errorf("read %s: %w", one.kind, err)
	}
	var values []record.Value
	switch one.kind {
	case record.Project:
		client := ""
		if !owner.IsZero() {
			client = owner.String()
		}
		values = append(values, record.TextValue(client))
	case record.Task:
		values = append(values, record.RefValue(owner))
	}
	id, exists, err := lookup(view, w.workspace, one.kind, "name", append(values, record.FoldedValue(one.text))...)
	if err != nil || exists {
		return id, exists, err
	}
	return own, false, nil
}
