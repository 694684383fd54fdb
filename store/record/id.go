package record

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"
)

// ID names a record, a workspace or a person: 12 bytes, shown as 24 hex digits.
type ID [12]byte

// The system workspaces have fixed ids. They are constants in effect.
var (
	// DirectoryID is the workspace of the directory; it lives in global's cell only.
	DirectoryID = ID{11: 1}
	// RegionID is the workspace of a region's own records and of its mirror.
	RegionID = ID{11: 2}
)

// ParseID reads the 24 hex digits of an id, in either case.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 2*len(id) {
		return ID{}, ErrBadID
	}
	for i := range id {
		high, low := digit(s[2*i]), digit(s[2*i+1])
		if high > 15 || low > 15 {
			return ID{}, ErrBadID
		}
		id[i] = high<<4 | low
	}
	return id, nil
}

// digit returns the value of a hex digit, and 255 for any other byte.
func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// DeriveID makes an id from parts: the same parts give the same id everywhere.
// Parts are length-prefixed, so ("ab", "c") and ("a", "bc") differ.
func DeriveID(parts ...string) ID {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	var id ID
	copy(id[:], h.Sum(nil))
	return id
}

// String returns the 24 hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the id is the zero id, which names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// Compare orders ids by their bytes.
func (id ID) Compare(other ID) int { return bytes.Compare(id[:], other[:]) }

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// Generator makes new ids of the vendor's form: 4 bytes of time in seconds, 5
// random bytes of the generator, 3 of a counter. Ids of one generator grow
// within a second and never repeat within 16 million of it.
type Generator struct {
	random [5]byte

	mu      sync.Mutex
	counter uint32 // guarded by mu; the low 24 bits are used
}

// NewGenerator returns a generator with its own random bytes. It is safe for
// concurrent use.
func NewGenerator() *Generator {
	var seed [8]byte
	rand.Read(seed[:]) // never fails: it ends the process instead
	g := &Generator{}
	copy(g.random[:], seed[:5])
	// The counter's top bit starts clear, so that it does not wrap at once.
	g.counter = uint32(seed[5]&0x7f)<<16 | uint32(seed[6])<<8 | uint32(seed[7])
	return g
}

// Next returns a new id made at now.
func (g *Generator) Next(now time.Time) ID {
	g.mu.Lock()
	g.counter++
	n := g.counter
	g.mu.Unlock()
	var id ID
	binary.BigEndian.PutUint32(id[:4], uint32(now.Unix()))
	copy(id[4:9], g.random[:])
	id[9], id[10], id[11] = byte(n>>16), byte(n>>8), byte(n)
	return id
}
