package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Value is one value of a query, to be encoded by [Index.Prefix].
type Value struct {
	kind   FieldType
	text   string
	number int64
	id     ID
}

// TextValue is a string compared byte by byte.
func TextValue(s string) Value { return Value{kind: Text, text: s} }

// FoldedValue is a string compared in NFC and lower case.
func FoldedValue(s string) Value { return Value{kind: Folded, text: Fold(s)} }

// IntValue is a whole number.
func IntValue(n int64) Value { return Value{kind: Int, number: n} }

// TimeValue is a moment, to the millisecond below it.
func TimeValue(t time.Time) Value { return Value{kind: Time, number: t.UnixMilli()} }

// BoolValue is a truth value.
func BoolValue(b bool) Value {
	v := Value{kind: Bool}
	if b {
		v.number = 1
	}
	return v
}

// RefValue is the id of another record.
func RefValue(id ID) Value { return Value{kind: Ref, id: id} }

// NullValue is the null that a field of type Null is indexed under.
func NullValue() Value { return Value{kind: Null} }

// Text returns the string of a text or folded value. For a text of more than
// 256 bytes that was decoded from a key it is the abbreviation.
func (v Value) Text() string { return v.text }

// Int returns the number of an integer value.
func (v Value) Int() int64 { return v.number }

// Time returns the moment of a time value, in UTC.
func (v Value) Time() time.Time { return time.UnixMilli(v.number).UTC() }

// Bool returns the truth value.
func (v Value) Bool() bool { return v.number != 0 }

// ID returns the id of a reference.
func (v Value) ID() ID { return v.id }

// Fold returns the form in which folded values are compared: NFC, lower case.
func Fold(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return norm.NFC.String(strings.ToLower(norm.NFC.String(s)))
		}
	}
	return strings.ToLower(s)
}

const (
	// Texts of more than maxText bytes are abbreviated: their first keptText
	// bytes, and the SHA-256 of all of them.
	maxText  = 256
	keptText = maxText - sha256.Size
)

// append encodes the value for a field that has its type.
func (v Value) append(dst []byte, desc bool) []byte {
	switch v.kind {
	case Text, Folded:
		return appendText(dst, v.text)
	case Int, Time:
		n := uint64(v.number) ^ 1<<63
		if desc {
			n = ^n
		}
		return binary.BigEndian.AppendUint64(dst, n)
	case Bool:
		b := byte(v.number)
		if desc {
			b ^= 1
		}
		return append(dst, b)
	case Ref:
		return append(dst, v.id[:]...)
	default:
		return append(dst, 0)
	}
}

func appendText(dst []byte, s string) []byte {
	if len(s) > maxText {
		sum := sha256.Sum256([]byte(s))
		dst = appendEscaped(dst, s[:keptText])
		dst = appendEscaped(dst, string(sum[:]))
	} else {
		dst = appendEscaped(dst, s)
	}
	return append(dst, 0x00, 0x01)
}

func appendEscaped(dst []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, 0)
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		dst = append(dst, 0x00, 0xff)
		s = s[i+1:]
	}
}

// decodeValue reads one encoded value of a field and returns what follows it.
func decodeValue(f *Field, key []byte) (Value, []byte, error) {
	v := Value{kind: f.Type}
	switch f.Type {
	case Text, Folded:
		return decodeText(f.Type, key)
	case Int, Time:
		if len(key) < 8 {
			return Value{}, nil, ErrBadKey
		}
		n := binary.BigEndian.Uint64(key)
		if f.Desc {
			n = ^n
		}
		v.number = int64(n ^ 1<<63)
		return v, key[8:], nil
	case Bool:
		if len(key) < 1 || key[0] > 1 {
			return Value{}, nil, ErrBadKey
		}
		v.number = int64(key[0])
		if f.Desc {
			v.number ^= 1
		}
		return v, key[1:], nil
	case Ref:
		if len(key) < len(v.id) {
			return Value{}, nil, ErrBadKey
		}
		copy(v.id[:], key)
		return v, key[len(v.id):], nil
	default:
		if len(key) < 1 || key[0] != 0 {
			return Value{}, nil, ErrBadKey
		}
		return v, key[1:], nil
	}
}

func decodeText(kind FieldType, key []byte) (Value, []byte, error) {
	var text []byte
	for {
		i := bytes.IndexByte(key, 0)
		if i < 0 || i+1 >= len(key) {
			return Value{}, nil, ErrBadKey
		}
		text = append(text, key[:i]...)
		mark := key[i+1]
		key = key[i+2:]
		switch mark {
		case 0x01:
			if len(text) > maxText {
				return Value{}, nil, ErrBadKey
			}
			return Value{kind: kind, text: string(text)}, key, nil
		case 0xff:
			text = append(text, 0)
		default:
			return Value{}, nil, ErrBadKey
		}
	}
}
