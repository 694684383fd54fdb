package rpc

import (
	"encoding/json"
	"fmt"

	"domicile/daemon/directory"
	"domicile/daemon/rpc/directorypb"
	"domicile/store"
	"domicile/store/record"
)

// An id is 12 bytes on the wire, or none for the zero id.

func fromID(id record.ID) []byte {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

func fromIDs(ids []record.ID) [][]byte {
	out := make([][]byte, len(ids))
	for i := range ids {
		out[i] = ids[i][:]
	}
	return out
}

// toID reads an id; anything but 12 bytes is the zero id, which names nothing.
func toID(b []byte) record.ID {
	var id record.ID
	if len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}

func toIDs(all [][]byte) []record.ID {
	if len(all) == 0 {
		return nil
	}
	out := make([]record.ID, len(all))
	for i, b := range all {
		out[i] = toID(b)
	}
	return out
}

func fromActor(a directory.Actor) *directorypb.Actor {
	return &directorypb.Actor{Kind: a.Kind, Person: fromID(a.Person)}
}

func toActor(a *directorypb.Actor) directory.Actor {
	return directory.Actor{Kind: a.GetKind(), Person: toID(a.GetPerson())}
}

// text turns an optional text of one type into one of another.
func text[To, From ~string](p *From) *To {
	if p == nil {
		return nil
	}
	s := To(*p)
	return &s
}

// Documents travel as the JSON that the directory stores.

func fromDoc(doc any) []byte {
	encoded, err := json.Marshal(doc)
	if err != nil {
		return nil // the directory's documents always encode
	}
	return encoded
}

func toDoc[T any](encoded []byte) (doc T, err error) {
	if err := json.Unmarshal(encoded, &doc); err != nil {
		return doc, fmt.Errorf("decode the directory's answer: %w: %w", directory.ErrUnavailable, err)
	}
	return doc, nil
}

func fromPlaced(p directory.Placed) *directorypb.Placed {
	return &directorypb.Placed{
		Workspace: fromDoc(p.Workspace), Home: fromDoc(p.Home), Role: string(p.Role), Status: string(p.Status),
	}
}

func toPlaced(p *directorypb.Placed) (directory.Placed, error) {
	w, err := toDoc[directory.Workspace](p.GetWorkspace())
	if err != nil {
		return directory.Placed{}, err
	}
	h, err := toDoc[directory.Home](p.GetHome())
	return directory.Placed{
		Workspace: w, Home: h, Role: directory.Role(p.GetRole()), Status: directory.Status(p.GetStatus()),
	}, err
}

func fromPage(p directory.Page) *directorypb.ChangesReply {
	out := &directorypb.ChangesReply{Cursor: p.Cursor, Revision: uint64(p.Revision), Complete: p.Complete}
	for _, s := range p.Sweeps {
		out.Sweeps = append(out.Sweeps, &directorypb.Sweep{
			Kind: uint32(s.Kind), After: fromID(s.After), Through: fromID(s.Through),
		})
	}
	for _, put := range p.Puts {
		out.Puts = append(out.Puts, &directorypb.Record{
			Kind: uint32(put.Key.Kind), Id: fromID(put.Key.ID), Doc: put.Doc,
		})
	}
	for _, key := range p.Deletes {
		out.Deletes = append(out.Deletes, &directorypb.Record{Kind: uint32(key.Kind), Id: fromID(key.ID)})
	}
	return out
}

func toPage(p *directorypb.ChangesReply) directory.Page {
	out := directory.Page{Cursor: p.GetCursor(), Revision: store.Revision(p.GetRevision()), Complete: p.GetComplete()}
	for _, s := range p.GetSweeps() {
		out.Sweeps = append(out.Sweeps, directory.Sweep{
			Kind: record.Kind(s.GetKind()), After: toID(s.GetAfter()), Through: toID(s.GetThrough()),
		})
	}
	for _, r := range p.GetPuts() {
		out.Puts = append(out.Puts, store.Put{Key: toKey(r), Doc: r.GetDoc()})
	}
	for _, r := range p.GetDeletes() {
		out.Deletes = append(out.Deletes, toKey(r))
	}
	return out
}

func toKey(r *directorypb.Record) record.Key {
	return record.Key{Kind: record.Kind(r.GetKind()), ID: toID(r.GetId())}
}
