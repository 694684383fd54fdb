package replicate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"domicile/replicate/entrypb"
	"domicile/store"
)

const (
	// maxEntry is the most bytes of an entry before compression. Larger ones would hold up everything
	// behind them, and raft's heartbeats with it.
	maxEntry = 512 << 10
	// maxCommand is the most bytes of one command: documents of 512 KiB, with ids and conditions.
	maxCommand = maxEntry + 64<<10
	// maxDecoded bounds what an entry may claim to be.
	maxDecoded = 2 * maxEntry
	// compressFrom is where compression begins to pay.
	compressFrom = 4 << 10
)

// An entry is: format (1 byte) | CRC-32C (4 bytes, over format and rest) | length of the message
// (uvarint) | the message, an entrypb.Entry, compressed if the format says so.
const (
	formatPlain byte = 1
	formatZstd  byte = 2
)

// errMalformed: bytes are sound but mean nothing. Every node meets it alike.
var errMalformed = errors.New("malformed entry")

// codec writes and reads entries. It is safe for concurrent use.
type codec struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

func newCodec() (*codec, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(2), zstd.WithWindowSize(maxEntry), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, fmt.Errorf("make compressor: %w", err)
	}
	// A frame of 18 bytes can ask for half a gigabyte: window and output are bounded.
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2),
		zstd.WithDecoderMaxWindow(2*maxDecoded), zstd.WithDecoderMaxMemory(maxDecoded))
	if err != nil {
		return nil, fmt.Errorf("make decompressor: %w", err)
	}
	return &codec{encoder, decoder}, nil
}

func (c *codec) close() error {
	c.decoder.Close()
	return c.encoder.Close()
}

// encode packs encoded commands into an entry.
func (c *codec) encode(at time.Time, commands [][]byte) []byte {
	size := 16
	for _, command := range commands {
		size += len(command) + 8
	}
	message := make([]byte, 0, size)
	message = protowire.AppendTag(message, 1, protowire.VarintType)
	message = protowire.AppendVarint(message, uint64(at.UnixMicro()))
	for _, command := range commands {
		message = protowire.AppendTag(message, 2, protowire.BytesType)
		message = protowire.AppendBytes(message, command)
	}
	format, body := formatPlain, message
	if len(message) > compressFrom {
		format, body = formatZstd, c.encoder.EncodeAll(message, nil)
	}
	entry := make([]byte, 0, 16+len(body))
	entry = append(entry, format, 0, 0, 0, 0)
	entry = binary.AppendUvarint(entry, uint64(len(message)))
	entry = append(entry, body...)
	binary.BigEndian.PutUint32(entry[1:], castagnoli(entry[:1], entry[5:]))
	return entry
}

// decode reads an entry. ErrCorrupt: it is not what was written.
func (c *codec) decode(entry []byte) (time.Time, []store.Command, error) {
	if len(entry) < 6 || binary.BigEndian.Uint32(entry[1:]) != castagnoli(entry[:1], entry[5:]) {
		return time.Time{}, nil, fmt.Errorf("%w: an entry does not match its checksum", ErrCorrupt)
	}
	size, n := binary.Uvarint(entry[5:])
	if n <= 0 || size > maxDecoded {
		return time.Time{}, nil, fmt.Errorf("%w: its length is out of range", errMalformed)
	}
	message := entry[5+n:]
	switch entry[0] {
	case formatPlain:
	case formatZstd:
		var err error
		if message, err = c.decoder.DecodeAll(message, make([]byte, 0, size)); err != nil {
			return time.Time{}, nil, fmt.Errorf("%w: %w", errMalformed, err)
		}
	default:
		return time.Time{}, nil, fmt.Errorf("%w: format %d is not known to this release", errMalformed, entry[0])
	}
	if uint64(len(message)) != size {
		return time.Time{}, nil, fmt.Errorf("%w: it is %d bytes and says %d", errMalformed, len(message), size)
	}
	var p entrypb.Entry
	if err := proto.Unmarshal(message, &p); err != nil {
		return time.Time{}, nil, fmt.Errorf("%w: %w", errMalformed, err)
	}
	commands := make([]store.Command, 0, len(p.GetCommands()))
	for _, command := range p.GetCommands() {
		next, err := commandFromProto(command)
		if err != nil {
			return time.Time{}, nil, err
		}
		commands = append(commands, next)
	}
	return time.UnixMicro(p.GetTime()).UTC(), commands, nil
}
