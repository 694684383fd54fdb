// Package record lists the kinds of record and encodes their ids and index keys.
//
// It is the vocabulary that every other package shares: an [ID], a [Kind], a
// [Key], and for each kind one [Definition], a row of one table (table.go). The
// row says how a kind is stored and treated everywhere: its number, its
// secondary indexes and unique values, the records that it refers to, what
// search looks at, which fields of the API's shape are derived and therefore
// not stored, and which residency class it has. Adding a kind is adding a row.
//
// An index key is derived from a document alone, by [Index.Keys]; the same
// encoding makes the bounds of a query, by [Index.Prefix]. The order of encoded
// keys is the order of the values.
//
// What holds, always:
//
//	K1  Numbers of kinds and indexes are for ever: they stand in keys, so a row
//	    is never renumbered and a retired number is never given out again.
//	K2  Encoded values sort as the values do (reversed where a field is
//	    descending), and no encoded value is a prefix of another.
//	K3  A document gives the same keys on every node, whatever bytes it has.
//	K4  A document that lacks a value of an index has no key in it.
//	K5  The residency class of every kind is named: it is regional, or the item
//	    of requirement R6 that lets it stand in the directory, or operational.
//	K6  Decoders answer damaged input with an error, never with a panic.
//
// The encoding: text and folded text are escaped (00 becomes 00 FF) and ended
// by 00 01; folded text is first normalised to NFC and lowered; a text of more
// than 256 bytes is replaced by its first 224 and its SHA-256. Integers, and
// times as milliseconds, are 8 bytes big-endian with the sign bit flipped, and
// complemented where the field is descending. A truth value and a null are one
// byte, a reference is the id's 12 bytes.
//
// Folding follows the Unicode tables of the Go release and of x/text; a test
// holds their fingerprint, because another table is another index definition.
//
// The package does not read or write storage, does not validate documents
// (daemon/workspace does) and knows no HTTP.
package record
