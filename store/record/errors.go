package record

import "errors"

var (
	// ErrBadID says that a text is not an id of 24 hexadecimal digits.
	ErrBadID = errors.New("not an id of 24 hexadecimal digits")
	// ErrBadValue says that values do not fit the fields of an index.
	ErrBadValue = errors.New("value does not fit the index")
	// ErrBadKey says that bytes are not a key of an index.
	ErrBadKey = errors.New("not a key of the index")
)
