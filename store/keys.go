package store

import (
	"encoding/binary"

	"domicile/store/record"
)

// keyspace lists every kind of key in the database. Numbers are big-endian, so
// that the order of bytes is the order of meaning. All of a workspace lies in
// one span: an export is one scan, a drop is one range deletion.
var keyspace = []struct{ prefix, rest, value string }{
	{"m", "applied", "index, term, cell time"},
	{"m", "cell", "cell id"},
	{"m", "format", "version of this keyspace"},
	{"w", "workspace 'c' revision", "feed: deleted?, kind, id"},
	{"w", "workspace 'd' kind id", "deletion: revision of its feed entry"},
	{"w", "workspace 'h'", "header, or tombstone"},
	{"w", "workspace 'q' number", "token and when it was used, oldest first"},
	{"w", "workspace 'r' kind id", "record: revision, document"},
	{"w", "workspace 't' token", "number and result of what was submitted with it"},
	{"w", "workspace 'x' kind index values… id", "secondary index; empty"},
}

var (
	appliedKey = []byte("mapplied")
	cellKey    = []byte("mcell")
	formatKey  = []byte("mformat")
)

const (
	workspacePrefix = 'w'

	sectionFeed    = 'c'
	sectionDeleted = 'd'
	sectionHeader  = 'h'
	sectionQueue   = 'q'
	sectionRecord  = 'r'
	sectionToken   = 't'
	sectionIndex   = 'x'
)

const (
	idLength = len(record.ID{})
	// baseLength is the length of what all keys of a section share.
	baseLength = 1 + idLength + 1
	// recordKeyLength is the length of a record's key.
	recordKeyLength = baseLength + 2 + idLength
)

// appendBase appends the start of all keys of a workspace's section.
func appendBase(dst []byte, ws record.ID, section byte) []byte {
	dst = append(dst, workspacePrefix)
	dst = append(dst, ws[:]...)
	return append(dst, section)
}

// sectionSpan returns the bounds of a section: all keys k with lower <= k < upper.
func sectionSpan(ws record.ID, section byte) (lower, upper []byte) {
	return appendBase(nil, ws, section), appendBase(nil, ws, section+1)
}

// workspaceSpan returns the bounds of all keys of a workspace.
func workspaceSpan(ws record.ID) (lower, upper []byte) {
	return appendBase(nil, ws, 0x00), appendBase(nil, ws, 0xff)
}

func headerKey(ws record.ID) []byte { return appendBase(nil, ws, sectionHeader) }

func appendRecordKey(dst []byte, ws record.ID, key record.Key) []byte {
	return appendKeyed(dst, ws, sectionRecord, key)
}

func appendDeletedKey(dst []byte, ws record.ID, key record.Key) []byte {
	return appendKeyed(dst, ws, sectionDeleted, key)
}

func appendKeyed(dst []byte, ws record.ID, section byte, key record.Key) []byte {
	dst = appendBase(dst, ws, section)
	dst = binary.BigEndian.AppendUint16(dst, uint16(key.Kind))
	return append(dst, key.ID[:]...)
}

// kindSpan returns the bounds of a kind's keys in a section keyed by kind and id.
func kindSpan(ws record.ID, section byte, kind record.Kind) (lower, upper []byte) {
	lower = binary.BigEndian.AppendUint16(appendBase(nil, ws, section), uint16(kind))
	return lower, successor(lower)
}

func appendFeedKey(dst []byte, ws record.ID, rev Revision) []byte {
	return binary.BigEndian.AppendUint64(appendBase(dst, ws, sectionFeed), uint64(rev))
}

func appendTokenKey(dst []byte, ws record.ID, token Token) []byte {
	return append(appendBase(dst, ws, sectionToken), token[:]...)
}

func appendQueueKey(dst []byte, ws record.ID, number uint64) []byte {
	return binary.BigEndian.AppendUint64(appendBase(dst, ws, sectionQueue), number)
}

// appendIndexBase appends the start of all keys of an index.
func appendIndexBase(dst []byte, ws record.ID, kind record.Kind, number uint16) []byte {
	dst = appendBase(dst, ws, sectionIndex)
	dst = binary.BigEndian.AppendUint16(dst, uint16(kind))
	return binary.BigEndian.AppendUint16(dst, number)
}

// successor returns the first key after all that have a prefix, or nil where
// there is none.
func successor(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			next := append([]byte(nil), prefix[:i+1]...)
			next[i]++
			return next
		}
	}
	return nil
}

// splitKeyed reads kind and id of a key in a section keyed by them.
func splitKeyed(key []byte) (record.Key, bool) {
	if len(key) != recordKeyLength {
		return record.Key{}, false
	}
	k := record.Key{Kind: record.Kind(binary.BigEndian.Uint16(key[baseLength:]))}
	copy(k.ID[:], key[baseLength+2:])
	return k, true
}

// splitFeed reads the revision of a feed key.
func splitFeed(key []byte) (Revision, bool) {
	if len(key) != baseLength+8 {
		return 0, false
	}
	return Revision(binary.BigEndian.Uint64(key[baseLength:])), true
}

// splitWorkspace reads the workspace and the section of a workspace's key.
func splitWorkspace(key []byte) (record.ID, byte, bool) {
	var ws record.ID
	if len(key) < baseLength || key[0] != workspacePrefix {
		return ws, 0, false
	}
	copy(ws[:], key[1:])
	return ws, key[1+idLength], true
}
