package replicate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	"domicile/replicate/entrypb"
	"domicile/store"
	"domicile/store/record"
)

func testCodec(t testing.TB) *codec {
	t.Helper()
	c, err := newCodec()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.close() })
	return c
}

// everyCommand has each field of each command set.
func everyCommand() []store.Command {
	key := record.Key{Kind: record.Project, ID: record.DeriveID("p")}
	t := store.T{Transfer: record.DeriveID("t"), Epoch: 3, Attempt: 9}
	return []store.Command{
		{Txn: &store.Txn{
			Workspace: acme, Epoch: 2, Token: store.Token{1, 2, 3}, Revert: record.DeriveID("r"),
			If: []store.Condition{
				store.Exists(key), store.Absent(key), store.At(key, 12), store.Free(record.Project, "name", []byte{1, 0, 2}, key.ID),
			},
			Puts:    []store.Put{{Key: key, Doc: []byte(`{"id":"x"}`)}},
			Deletes: []record.Key{key},
		}},
		{Create: &store.Create{Workspace: acme, Epoch: 4, Incarnation: 5, Restored: true}},
		{Change: &store.HeaderChange{
			Workspace: acme, Op: store.OpLock, T: t, Revert: record.DeriveID("r"), Session: 6, Epoch: 7,
			Reason: store.Deletion, Incarnation: 8,
		}},
		{Change: &store.HeaderChange{Workspace: acme, Op: store.OpConfirm, Epoch: 7}},
		{RaiseFloor: &store.RaiseFloor{Workspace: acme, Epoch: 1, Floor: 10}},
		{Tick: &store.Tick{}},
	}
}

func encodeAll(t testing.TB, commands []store.Command) [][]byte {
	t.Helper()
	var encoded [][]byte
	for _, c := range commands {
		b, err := encodeCommand(c)
		if err != nil {
			t.Fatal(err)
		}
		encoded = append(encoded, b)
	}
	return encoded
}

func TestEntryRoundTrip(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	want := everyCommand()
	at := time.UnixMicro(1_790_000_000_123_456).UTC()
	for _, size := range []int{0, 10_000, 500_000} { // plain, compressed, nearly the most
		want[0].Txn.Puts[0].Doc = append([]byte(`{"id":"x"}`), bytes.Repeat([]byte("regional "), size/9)...)
		entry := c.encode(at, encodeAll(t, want))
		if compressed := entry[0] == formatZstd; compressed != (size > compressFrom) {
			t.Errorf("%d bytes compressed: %v", size, compressed)
		}
		gotAt, got, err := c.decode(entry)
		if err != nil || !gotAt.Equal(at) {
			t.Fatalf("decode: %v at %v", err, gotAt)
		}
		if !reflect.DeepEqual(want, got) {
			t.Error(cmp.Diff(want, got))
		}
	}
}

// P5: what was changed on the way is never applied.
func TestP5ChangedEntryIsRefused(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	entry := c.encode(time.UnixMicro(1), encodeAll(t, everyCommand()))
	for i := range entry {
		for bit := range 8 {
			changed := bytes.Clone(entry)
			changed[i] ^= 1 << bit
			if _, _, err := c.decode(changed); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			}
		}
		if _, _, err := c.decode(entry[:i]); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
	}
}

// sealed gives any bytes a sound checksum, as a faulty proposer would.
func sealed(format byte, size uint64, body []byte) []byte {
	entry := append([]byte{format, 0, 0, 0, 0}, binary.AppendUvarint(nil, size)...)
	entry = append(entry, body...)
	binary.BigEndian.PutUint32(entry[1:], castagnoli(entry[:1], entry[5:]))
	return entry
}

func TestDecodeIsBounded(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	huge, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer huge.Close()
	bomb := huge.EncodeAll(make([]byte, 64<<20), nil)
	strayID, err := proto.Marshal(&entrypb.Entry{Commands: []*entrypb.Command{
		{Command: &entrypb.Command_Create{Create: &entrypb.Create{Workspace: []byte("short")}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, entry := range map[string][]byte{
		"a length out of range": sealed(formatPlain, maxDecoded+1, nil),
		"a frame that expands":  sealed(formatZstd, 100, bomb),
		"another length":        sealed(formatPlain, 5, []byte("1234")),
		"an unknown format":     sealed(9, 0, nil),
		"a stray id":            sealed(formatPlain, uint64(len(strayID)), strayID),
		"no command":            sealed(formatPlain, 2, []byte{0x12, 0x00}),
		"not protobuf":          sealed(formatPlain, 3, []byte{0xff, 0xff, 0xff}),
		"not zstd":              sealed(formatZstd, 3, []byte{1, 2, 3}),
	} {
		if _, _, err := c.decode(entry); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecodeEntry(f *testing.F) {
	c := testCodec(f)
	commands := encodeAll(f, everyCommand())
	f.Add(c.encode(time.UnixMicro(1), commands)[5:], formatPlain)
	f.Add(c.encode(time.UnixMicro(1), [][]byte{bytes.Repeat(commands[5], 3000)})[5:], formatZstd)
	f.Add([]byte{}, byte(0))
	f.Fuzz(func(t *testing.T, body []byte, format byte) {
		entry := append([]byte{format, 0, 0, 0, 0}, body...)
		binary.BigEndian.PutUint32(entry[1:], castagnoli(entry[:1], entry[5:]))
		at, commands, err := c.decode(entry)
		if err != nil {
			return
		}
		var encoded [][]byte
		for _, command := range commands {
			b, err := encodeCommand(command)
			if err != nil {
				t.Fatalf("decoded what cannot be encoded: %v", err)
			}
			encoded = append(encoded, b)
		}
		gotAt, got, err := c.decode(c.encode(at, encoded))
		if err != nil || !gotAt.Equal(at) {
			t.Fatalf("again: %v", err)
		}
		if diff := cmp.Diff(commands, got); diff != "" {
			t.Error(diff)
		}
	})
}
