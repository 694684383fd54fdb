package atrest

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/proto"

	"domicile/replicate/entrypb"
	"domicile/store/record"
)

// entry searches an entry of raft's log: as it is, and each of its commands.
func (s *scan) entry(place string, index uint64, value []byte) {
	what := fmt.Sprintf("raft entry %d", index)
	s.look(place, what, record.ID{}, value)
	for _, plain := range unzstd(value) {
		s.look(place, what, record.ID{}, plain)
		s.commands(place, what, plain)
	}
	if message, ok := plainMessage(value); ok {
		s.commands(place, what, message)
	}
}

// plainMessage is the message of an entry that is not compressed. In the log's value stand before it, as
// replicate/logcodec.go and replicate/entry.go say: a sum, the type, term, time and extensions, then the
// format, a sum and the message's length.
func plainMessage(value []byte) ([]byte, bool) {
	b := value
	skip := func(n int) bool {
		ok := n > 0 && n <= len(b)
		if ok {
			b = b[n:]
		}
		return ok
	}
	if !skip(5) {
		return nil, false
	}
	for range 2 { // term and time
		if _, n := binary.Uvarint(b); !skip(n) {
			return nil, false
		}
	}
	size, n := binary.Uvarint(b)
	if !skip(n) || size > 0 && (size > uint64(len(b)) || !skip(int(size))) || !skip(5) {
		return nil, false
	}
	size, n = binary.Uvarint(b)
	return b[max(n, 0):], n > 0 && size == uint64(len(b)-n)
}

// commands says whose the texts in a message are. What it cannot read was searched as bytes.
func (s *scan) commands(place, what string, message []byte) {
	var e entrypb.Entry
	if proto.Unmarshal(message, &e) != nil {
		return
	}
	for _, c := range e.Commands {
		txn := c.GetTxn()
		if txn == nil {
			continue
		}
		var ws record.ID
		copy(ws[:], txn.Workspace)
		for _, p := range txn.Puts {
			s.look(place, what, ws, p.Doc)
		}
		for _, c := range txn.Conditions {
			s.look(place, what, ws, c.Value)
		}
	}
	// What has an owner now is not unowned as well.
	for _, l := range s.looks {
		for f := range s.found {
			if f.Place == place && f.What == what && f.Text == l.text && !f.Workspace.IsZero() {
				delete(s.found, Finding{place, what, record.ID{}, l.text})
			}
		}
	}
}

// zstdMagic begins a frame.
var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// frames gives what follows each place where a frame may begin.
func frames(b []byte) [][]byte {
	var all [][]byte
	for {
		at := bytes.Index(b, zstdMagic)
		if at < 0 {
			return all
		}
		all = append(all, b[at:])
		b = b[at+len(zstdMagic):]
	}
}
