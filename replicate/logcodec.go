package replicate

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/hashicorp/raft"
)

// castagnoli is CRC-32C's table, which the processor has an instruction for.
func castagnoli(parts ...[]byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli) // made once by the library
	var sum uint32
	for _, p := range parts {
		sum = crc32.Update(sum, table, p)
	}
	return sum
}

// An entry's value is: CRC-32C (4 bytes, big-endian, over key and rest) | type (1) | term (uvarint) |
// time appended (varint, microseconds) | length of extensions (uvarint) | extensions | data.
// The key is under the checksum, so that an entry cannot stand in for another.

// logSize is how many bytes encodeLog will append.
func logSize(entry *raft.Log) int {
	return 4 + 1 + uvarintSize(entry.Term) + varintSize(appendedAt(entry)) +
		uvarintSize(uint64(len(entry.Extensions))) + len(entry.Extensions) + len(entry.Data)
}

func encodeLog(to, key []byte, entry *raft.Log) []byte {
	start := len(to)
	to = append(to, 0, 0, 0, 0, byte(entry.Type))
	to = binary.AppendUvarint(to, entry.Term)
	to = binary.AppendVarint(to, appendedAt(entry))
	to = binary.AppendUvarint(to, uint64(len(entry.Extensions)))
	to = append(to, entry.Extensions...)
	to = append(to, entry.Data...)
	binary.BigEndian.PutUint32(to[start:], castagnoli(key, to[start+4:]))
	return to
}

// decodeLog fills an entry from its key and value, of which it keeps nothing.
func decodeLog(key, value []byte, to *raft.Log) error {
	index, ok := indexOf(key)
	if !ok || len(value) < 5 {
		return fmt.Errorf("%w: entry %d of the log is %d bytes", ErrCorrupt, index, len(value))
	}
	if binary.BigEndian.Uint32(value) != castagnoli(key, value[4:]) {
		return fmt.Errorf("%w: entry %d of the log does not match its checksum", ErrCorrupt, index)
	}
	*to = raft.Log{Index: index, Type: raft.LogType(value[4])}
	rest := value[5:]
	var n int
	if to.Term, n = binary.Uvarint(rest); n <= 0 {
		return fmt.Errorf("%w: entry %d of the log has no term", ErrCorrupt, index)
	}
	rest = rest[n:]
	at, n := binary.Varint(rest)
	if n <= 0 {
		return fmt.Errorf("%w: entry %d of the log has no time", ErrCorrupt, index)
	}
	if at != 0 {
		to.AppendedAt = time.UnixMicro(at)
	}
	rest = rest[n:]
	size, n := binary.Uvarint(rest)
	if n <= 0 || size > uint64(len(rest)-n) {
		return fmt.Errorf("%w: entry %d of the log has extensions past its end", ErrCorrupt, index)
	}
	rest = rest[n:]
	body := append([]byte(nil), rest...)
	if size > 0 {
		to.Extensions = body[:size:size]
	}
	to.Data = body[size:]
	return nil
}

func appendedAt(entry *raft.Log) int64 {
	if entry.AppendedAt.IsZero() {
		return 0
	}
	return entry.AppendedAt.UnixMicro()
}

func uvarintSize(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

func varintSize(v int64) int { return uvarintSize(uint64(v)<<1 ^ uint64(v>>63)) }
