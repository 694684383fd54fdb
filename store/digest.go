package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"

	"domicile/store/record"
)

// Digest is a sum, modulo 2^256 and big-endian, of one SHA-256 for each live
// record: the AdHash of Bellare and Micciancio (1997). It does not depend on
// order, so that the sums of parts add up to the whole. It finds faults and
// bugs; it is no defence against somebody who writes records to collide.
type Digest [32]byte

// String returns the digest in hex.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Add returns d + term.
func (d Digest) Add(term Digest) Digest {
	var carry uint64
	for i := len(d) - 8; i >= 0; i -= 8 {
		var sum uint64
		sum, carry = bits.Add64(binary.BigEndian.Uint64(d[i:]), binary.BigEndian.Uint64(term[i:]), carry)
		binary.BigEndian.PutUint64(d[i:], sum)
	}
	return d
}

// Sub returns d - term.
func (d Digest) Sub(term Digest) Digest {
	var borrow uint64
	for i := len(d) - 8; i >= 0; i -= 8 {
		var rest uint64
		rest, borrow = bits.Sub64(binary.BigEndian.Uint64(d[i:]), binary.BigEndian.Uint64(term[i:]), borrow)
		binary.BigEndian.PutUint64(d[i:], rest)
	}
	return d
}

// ContentTerm is a record's term of the content digest: SHA-256 of its kind as
// 2 bytes big-endian, its id and its document.
func ContentTerm(key record.Key, doc []byte) Digest {
	var head [14]byte
	binary.BigEndian.PutUint16(head[:], uint16(key.Kind))
	copy(head[2:], key.ID[:])
	return sum(head[:], doc)
}

// StateTerm is a record's term of the state digest: SHA-256 of its kind as 2
// bytes big-endian, its id, its revision as 8 bytes big-endian and its document.
func StateTerm(key record.Key, rev Revision, doc []byte) Digest {
	var head [22]byte
	binary.BigEndian.PutUint16(head[:], uint16(key.Kind))
	copy(head[2:], key.ID[:])
	binary.BigEndian.PutUint64(head[14:], uint64(rev))
	return sum(head[:], doc)
}

func sum(head, doc []byte) Digest {
	h := sha256.New()
	h.Write(head)
	h.Write(doc)
	var d Digest
	h.Sum(d[:0])
	return d
}
