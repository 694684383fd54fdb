package store

import (
	"encoding/binary"
	"fmt"
	"slices"

	"domicile/store/record"
)

// Values are read back by the functions beside those that wrote them. Damaged
// bytes are ErrCorrupt.

func corrupt(what string) error { return fmt.Errorf("decode %s: %w", what, ErrCorrupt) }

// Record value: revision, document.

func appendRecord(dst []byte, rev Revision, doc []byte) []byte {
	return append(binary.BigEndian.AppendUint64(dst, uint64(rev)), doc...)
}

// decodeRecord returns the document as a part of value.
func decodeRecord(value []byte) (Revision, []byte, error) {
	if len(value) < 8 {
		return 0, nil, corrupt("record")
	}
	return Revision(binary.BigEndian.Uint64(value)), value[8:], nil
}

// Feed value: deleted?, kind, id.

func appendFeed(dst []byte, key record.Key, deleted bool) []byte {
	flag := byte(0)
	if deleted {
		flag = 1
	}
	dst = append(dst, flag)
	dst = binary.BigEndian.AppendUint16(dst, uint16(key.Kind))
	return append(dst, key.ID[:]...)
}

func decodeFeed(value []byte) (key record.Key, deleted bool, err error) {
	if len(value) != 3+idLength || value[0] > 1 {
		return record.Key{}, false, corrupt("feed entry")
	}
	key.Kind = record.Kind(binary.BigEndian.Uint16(value[1:]))
	copy(key.ID[:], value[3:])
	return key, value[0] == 1, nil
}

// Deletion value: revision.

func decodeRevision(value []byte) (Revision, error) {
	if len(value) != 8 {
		return 0, corrupt("deletion")
	}
	return Revision(binary.BigEndian.Uint64(value)), nil
}

// Applied value: index, term, cell time in milliseconds.

type applied struct {
	index, term uint64
	time        int64 // milliseconds
}

func (a applied) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, a.index)
	dst = binary.BigEndian.AppendUint64(dst, a.term)
	return binary.BigEndian.AppendUint64(dst, uint64(a.time))
}

func decodeApplied(value []byte) (applied, error) {
	if len(value) != 24 {
		return applied{}, corrupt("applied index")
	}
	return applied{
		index: binary.BigEndian.Uint64(value),
		term:  binary.BigEndian.Uint64(value[8:]),
		time:  int64(binary.BigEndian.Uint64(value[16:])),
	}, nil
}

// Token value: number, result. Queue value: time, token.

// outcome is a result as it is kept with a token.
type outcome struct {
	number   uint64
	revision Revision
	code     byte // index into outcomes
	conflict Conflict
}

// outcomes are the errors that a kept result may have; their places stand in
// stored values.
var outcomes = []error{nil, ErrNotFound, ErrFenced, ErrLocked, ErrConflict}

const outcomeConflict = 4

func (o *outcome) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, o.number)
	dst = binary.BigEndian.AppendUint64(dst, uint64(o.revision))
	dst = append(dst, o.code)
	if o.code != outcomeConflict {
		return dst
	}
	dst = append(dst, byte(o.conflict.Op))
	dst = binary.BigEndian.AppendUint16(dst, uint16(o.conflict.Key.Kind))
	dst = append(dst, o.conflict.Key.ID[:]...)
	return append(dst, o.conflict.Index...)
}

func decodeOutcome(value []byte) (outcome, error) {
	if len(value) < 17 || int(value[16]) >= len(outcomes) {
		return outcome{}, corrupt("token")
	}
	o := outcome{
		number:   binary.BigEndian.Uint64(value),
		revision: Revision(binary.BigEndian.Uint64(value[8:])),
		code:     value[16],
	}
	rest := value[17:]
	if o.code != outcomeConflict {
		if len(rest) > 0 {
			return outcome{}, corrupt("token")
		}
		return o, nil
	}
	if len(rest) < 3+idLength {
		return outcome{}, corrupt("token")
	}
	o.conflict.Op = ConditionOp(rest[0])
	o.conflict.Key.Kind = record.Kind(binary.BigEndian.Uint16(rest[1:]))
	copy(o.conflict.Key.ID[:], rest[3:])
	o.conflict.Index = string(rest[3+idLength:])
	return o, nil
}

func appendQueue(dst []byte, time int64, token Token) []byte {
	return append(binary.BigEndian.AppendUint64(dst, uint64(time)), token[:]...)
}

func decodeQueue(value []byte) (time int64, token Token, err error) {
	if len(value) != 8+len(token) {
		return 0, Token{}, corrupt("queue of tokens")
	}
	copy(token[:], value[8:])
	return int64(binary.BigEndian.Uint64(value)), token, nil
}

// Header value: a version byte, fixed fields, the open T if there is one, and
// one group for each kind that has records, in the order of their numbers.

const headerVersion = 1

func (h *Header) append(dst []byte) []byte {
	dst = append(dst, headerVersion, byte(h.State))
	for _, n := range []uint64{
		uint64(h.Epoch), uint64(h.Attempt), h.Session, h.Incarnation, uint64(h.Revision),
		uint64(h.Floor), h.Markers, h.tokenHead, h.tokenNext,
	} {
		dst = binary.AppendUvarint(dst, n)
	}
	dst = append(dst, h.ContentDigest[:]...)
	dst = append(dst, h.StateDigest[:]...)
	dst = append(dst, h.Revert[:]...)
	if h.Open == nil {
		dst = append(dst, 0)
	} else {
		dst = append(dst, 1)
		dst = append(dst, h.Open.Transfer[:]...)
		dst = binary.AppendUvarint(dst, uint64(h.Open.Epoch))
		dst = binary.AppendUvarint(dst, uint64(h.Open.Attempt))
	}
	kinds := make([]record.Kind, 0, len(h.Counts))
	for k, n := range h.Counts {
		if n > 0 {
			kinds = append(kinds, k)
		}
	}
	slices.Sort(kinds)
	for _, k := range kinds {
		dst = binary.AppendUvarint(dst, uint64(k))
		dst = binary.AppendUvarint(dst, h.Counts[k])
		dst = binary.AppendUvarint(dst, h.KindBytes[k])
	}
	return dst
}

func decodeHeader(ws record.ID, value []byte) (Header, error) {
	h := Header{Workspace: ws, Counts: map[record.Kind]uint64{}, KindBytes: map[record.Kind]uint64{}}
	r := reader{rest: value}
	if r.byte() != headerVersion {
		return Header{}, corrupt("header")
	}
	h.State = State(r.byte())
	h.Epoch, h.Attempt = Epoch(r.uvarint()), Attempt(r.uvarint())
	h.Session, h.Incarnation = r.uvarint(), r.uvarint()
	h.Revision, h.Floor = Revision(r.uvarint()), Revision(r.uvarint())
	h.Markers, h.tokenHead, h.tokenNext = r.uvarint(), r.uvarint(), r.uvarint()
	r.bytes(h.ContentDigest[:])
	r.bytes(h.StateDigest[:])
	r.bytes(h.Revert[:])
	switch r.byte() {
	case 0:
	case 1:
		h.Open = &T{}
		r.bytes(h.Open.Transfer[:])
		h.Open.Epoch, h.Open.Attempt = Epoch(r.uvarint()), Attempt(r.uvarint())
	default:
		return Header{}, corrupt("header")
	}
	last := uint64(0)
	for !r.bad && len(r.rest) > 0 {
		k, count, size := r.uvarint(), r.uvarint(), r.uvarint()
		if k <= last || k > 0xffff || count == 0 {
			return Header{}, corrupt("header")
		}
		last = k
		h.Counts[record.Kind(k)], h.KindBytes[record.Kind(k)] = count, size
		h.Bytes += size
	}
	if r.bad || h.State > Restored {
		return Header{}, corrupt("header")
	}
	return h, nil
}

// reader reads fields from the front of bytes and remembers if they ran out.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) byte() byte {
	var b [1]byte
	r.bytes(b[:])
	return b[0]
}

func (r *reader) bytes(dst []byte) {
	if len(r.rest) < len(dst) {
		r.bad, r.rest = true, nil
		return
	}
	r.rest = r.rest[copy(dst, r.rest):]
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}
