package replicate

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// What raft must remember besides its log: term and vote. A value is a CRC-32C over key and value,
// and the value. Raft knows a missing value by the words "not found".

// Set remembers a value durably.
func (l *entryLog) Set(key, value []byte) error {
	if err := l.failed(); err != nil {
		return err
	}
	b := l.db.NewBatch()
	defer b.Close()
	k := stableKey(key)
	v := binary.BigEndian.AppendUint32(nil, castagnoli(k, value))
	if err := b.Set(k, append(v, value...), nil); err != nil {
		return fmt.Errorf("remember %s: %w", key, err)
	}
	if err := l.commit(b); err != nil {
		return fmt.Errorf("remember %s: %w", key, err)
	}
	return nil
}

// Get answers a value, errNotFound when it was never set.
func (l *entryLog) Get(key []byte) ([]byte, error) {
	if err := l.failed(); err != nil {
		return nil, err
	}
	k := stableKey(key)
	v, closer, err := l.db.Get(k)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, errNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("recall %s: %w", key, err)
	}
	defer closer.Close()
	if len(v) < 4 || binary.BigEndian.Uint32(v) != castagnoli(k, v[4:]) {
		return nil, fmt.Errorf("%w: %s does not match its checksum", ErrCorrupt, key)
	}
	return append([]byte(nil), v[4:]...), nil
}

// SetUint64 remembers a number durably.
func (l *entryLog) SetUint64(key []byte, value uint64) error {
	return l.Set(key, binary.BigEndian.AppendUint64(nil, value))
}

// GetUint64 answers a number, 0 when it was never set.
func (l *entryLog) GetUint64(key []byte) (uint64, error) {
	v, err := l.Get(key)
	if errors.Is(err, errNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if len(v) != 8 {
		return 0, fmt.Errorf("%w: %s is %d bytes", ErrCorrupt, key, len(v))
	}
	return binary.BigEndian.Uint64(v), nil
}

func stableKey(key []byte) []byte { return append([]byte{stablePrefix}, key...) }
