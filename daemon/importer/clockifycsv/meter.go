package clockifycsv

import (
	"errors"
	"fmt"
	"io"
)

// errRowTooLong is how the meter stops the CSV reader inside of a row without end.
var errRowTooLong = errors.New("row too long")

// meter bounds how much is read, in all and for one row. The CSV reader keeps a row in memory, so a
// file with one unmatched quote would otherwise be held whole.
type meter struct {
	from    io.Reader
	total   int64 // left of the file
	row     int64 // for each row
	rowLeft int64 // left for this row
}

func (m *meter) Read(p []byte) (int, error) {
	if m.rowLeft <= 0 {
		return 0, errRowTooLong
	}
	if m.total <= 0 {
		// Only what really comes after the limit is too much.
		var one [1]byte
		n, err := m.from.Read(one[:])
		if n > 0 {
			return 0, fmt.Errorf("%w: more text than the limit allows", ErrTooLarge)
		}
		return 0, err
	}
	n, err := m.from.Read(p[:min(int64(len(p)), m.total, m.rowLeft)])
	m.total -= int64(n)
	m.rowLeft -= int64(n)
	return n, err
}
