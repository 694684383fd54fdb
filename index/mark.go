package index

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
)

// mark is the last hit of a page: the next one begins after it. As a cursor it
// names the query too, because in another one it would mean nothing.
type mark struct {
	score float64
	date  int64
	id    string
}

const markSize = 8 + 8 + 8 + 14

func (m mark) encode(q *Query) string {
	b := binary.BigEndian.AppendUint64(nil, q.fingerprint())
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(m.score))
	b = binary.BigEndian.AppendUint64(b, uint64(m.date))
	return base64.RawURLEncoding.EncodeToString(append(b, m.id...))
}

// parseMark reads a cursor; an empty one is none.
func parseMark(cursor string, q *Query) (*mark, error) {
	if cursor == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) != markSize {
		return nil, ErrBadCursor
	}
	if binary.BigEndian.Uint64(b) != q.fingerprint() {
		return nil, fmt.Errorf("%w: it is another query's", ErrBadCursor)
	}
	m := &mark{
		score: math.Float64frombits(binary.BigEndian.Uint64(b[8:])),
		date:  int64(binary.BigEndian.Uint64(b[16:])),
		id:    string(b[24:]),
	}
	if m.date < undated || m.date > maxDate || math.IsNaN(m.score) {
		return nil, ErrBadCursor
	}
	return m, nil
}

// fingerprint is a hash of what a query finds and of its order.
func (q *Query) fingerprint() uint64 {
	h := fnv.New64a()
	write := func(format string, values ...any) { fmt.Fprintf(h, format, values...) }
	write("%q %d %v %v %v", q.Text, q.Sort, q.Kinds, q.From.Unix(), q.To.Unix())
	for _, name := range slices.Sorted(maps.Keys(q.Filters)) {
		write(" %q %v", name, q.Filters[name])
	}
	if q.User != nil {
		write(" user %v", *q.User)
	}
	return h.Sum64()
}
