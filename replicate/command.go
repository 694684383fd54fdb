package replicate

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"domicile/replicate/entrypb"
	"domicile/store"
	"domicile/store/record"
)

// encodeCommand is a command as it stands in an entry.
func encodeCommand(c store.Command) ([]byte, error) {
	p, err := commandToProto(c)
	if err != nil {
		return nil, err
	}
	b, err := proto.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode command: %w", err)
	}
	return b, nil
}

func commandToProto(c store.Command) (*entrypb.Command, error) {
	var p entrypb.Command
	set := 0
	if c.Txn != nil {
		set++
		p.Command = &entrypb.Command_Txn{Txn: txnToProto(c.Txn)}
	}
	if c.Create != nil {
		set++
		p.Command = &entrypb.Command_Create{Create: &entrypb.Create{
			Workspace: c.Create.Workspace[:], Epoch: uint64(c.Create.Epoch),
			Incarnation: c.Create.Incarnation, Restored: c.Create.Restored,
		}}
	}
	if c.Change != nil {
		set++
		p.Command = &entrypb.Command_Change{Change: changeToProto(c.Change)}
	}
	if c.RaiseFloor != nil {
		set++
		p.Command = &entrypb.Command_RaiseFloor{RaiseFloor: &entrypb.RaiseFloor{
			Workspace: c.RaiseFloor.Workspace[:], Epoch: uint64(c.RaiseFloor.Epoch), Floor: uint64(c.RaiseFloor.Floor),
		}}
	}
	if c.Tick != nil {
		set++
		p.Command = &entrypb.Command_Tick{Tick: &entrypb.Tick{}}
	}
	if set != 1 {
		return nil, fmt.Errorf("encode command: %d of its fields are set, not one: %w", set, store.ErrInvalid)
	}
	return &p, nil
}

func txnToProto(t *store.Txn) *entrypb.Txn {
	p := &entrypb.Txn{Workspace: t.Workspace[:], Epoch: uint64(t.Epoch), Revert: idToProto(t.Revert)}
	if t.Token != (store.Token{}) {
		p.Token = t.Token[:]
	}
	for _, c := range t.If {
		p.Conditions = append(p.Conditions, &entrypb.Condition{
			Op: uint32(c.Op), Key: keyToProto(c.Key), Revision: uint64(c.Revision), Index: c.Index, Value: c.Value,
		})
	}
	for i := range t.Puts {
		p.Puts = append(p.Puts, &entrypb.Put{Key: keyToProto(t.Puts[i].Key), Doc: t.Puts[i].Doc})
	}
	for _, k := range t.Deletes {
		p.Deletes = append(p.Deletes, keyToProto(k))
	}
	return p
}

func changeToProto(h *store.HeaderChange) *entrypb.Change {
	p := &entrypb.Change{
		Op: uint32(h.Op), Workspace: h.Workspace[:], Revert: idToProto(h.Revert), Session: h.Session,
		Epoch: uint64(h.Epoch), Reason: uint32(h.Reason), Incarnation: h.Incarnation,
	}
	if h.T != (store.T{}) {
		p.T = &entrypb.T{Transfer: h.T.Transfer[:], Epoch: uint64(h.T.Epoch), Attempt: uint64(h.T.Attempt)}
	}
	return p
}

func keyToProto(k record.Key) *entrypb.Key {
	return &entrypb.Key{Kind: uint32(k.Kind), Id: append([]byte(nil), k.ID[:]...)}
}

// idToProto leaves the zero id out.
func idToProto(id record.ID) []byte {
	if id.IsZero() {
		return nil
	}
	return append([]byte(nil), id[:]...)
}

// commandFromProto refuses what no encodeCommand made: ids of the wrong length, numbers out of range.
// The documents are those of p, not copies.
func commandFromProto(p *entrypb.Command) (store.Command, error) {
	var r reader
	var c store.Command
	switch p := p.GetCommand().(type) {
	case *entrypb.Command_Txn:
		c.Txn = r.txn(p.Txn)
	case *entrypb.Command_Create:
		c.Create = &store.Create{
			Workspace: r.id(p.Create.GetWorkspace()), Epoch: store.Epoch(p.Create.GetEpoch()),
			Incarnation: p.Create.GetIncarnation(), Restored: p.Create.GetRestored(),
		}
	case *entrypb.Command_Change:
		c.Change = r.change(p.Change)
	case *entrypb.Command_RaiseFloor:
		c.RaiseFloor = &store.RaiseFloor{
			Workspace: r.id(p.RaiseFloor.GetWorkspace()), Epoch: store.Epoch(p.RaiseFloor.GetEpoch()),
			Floor: store.Revision(p.RaiseFloor.GetFloor()),
		}
	case *entrypb.Command_Tick:
		c.Tick = &store.Tick{}
	default:
		r.fail("it is of no kind that this release knows")
	}
	if r.err != nil {
		return store.Command{}, fmt.Errorf("decode command: %w", r.err)
	}
	return c, nil
}

// reader turns protobuf's loose values into the store's strict ones and remembers what did not fit.
type reader struct{ err error }

func (r *reader) fail(text string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", errMalformed, text)
	}
}

func (r *reader) id(b []byte) (id record.ID) {
	if len(b) != len(id) {
		r.fail("an id is not 12 bytes")
		return id
	}
	copy(id[:], b)
	return id
}

func (r *reader) idOrZero(b []byte) (id record.ID) {
	if len(b) == 0 {
		return id
	}
	return r.id(b)
}

func (r *reader) small(v uint32) uint8 {
	if v > 255 {
		r.fail("a code is out of range")
	}
	return uint8(v)
}

func (r *reader) key(k *entrypb.Key) record.Key {
	if k.GetKind() > 65535 {
		r.fail("a kind is out of range")
	}
	return record.Key{Kind: record.Kind(k.GetKind()), ID: r.id(k.GetId())}
}

func (r *reader) txn(p *entrypb.Txn) *store.Txn {
	t := &store.Txn{Workspace: r.id(p.GetWorkspace()), Epoch: store.Epoch(p.GetEpoch()), Revert: r.idOrZero(p.GetRevert())}
	if n := len(p.GetToken()); n != 0 && n != len(t.Token) {
		r.fail("a token is not 16 bytes")
	}
	copy(t.Token[:], p.GetToken())
	for _, c := range p.GetConditions() {
		t.If = append(t.If, store.Condition{
			Op: store.ConditionOp(r.small(c.GetOp())), Key: r.key(c.GetKey()),
			Revision: store.Revision(c.GetRevision()), Index: c.GetIndex(), Value: c.GetValue(),
		})
	}
	if n := len(p.GetPuts()); n > 0 {
		t.Puts = make([]store.Put, 0, n)
	}
	for _, put := range p.GetPuts() {
		t.Puts = append(t.Puts, store.Put{Key: r.key(put.GetKey()), Doc: put.GetDoc()})
	}
	for _, k := range p.GetDeletes() {
		t.Deletes = append(t.Deletes, r.key(k))
	}
	return t
}

func (r *reader) change(p *entrypb.Change) *store.HeaderChange {
	h := &store.HeaderChange{
		Workspace: r.id(p.GetWorkspace()), Op: store.Op(r.small(p.GetOp())), Revert: r.idOrZero(p.GetRevert()),
		Session: p.GetSession(), Epoch: store.Epoch(p.GetEpoch()), Reason: store.Reason(r.small(p.GetReason())),
		Incarnation: p.GetIncarnation(),
	}
	if t := p.GetT(); t != nil {
		h.T = store.T{Transfer: r.idOrZero(t.GetTransfer()), Epoch: store.Epoch(t.GetEpoch()), Attempt: store.Attempt(t.GetAttempt())}
	}
	return h
}
