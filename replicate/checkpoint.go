package replicate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
	"golang.org/x/time/rate"
)

// keptCheckpoints is how many are kept: if the newest turns out to be damaged, the log still
// reaches back to the one before.
const keptCheckpoints = 2

// Below the node's directory.
const (
	storeDir       = "store"
	raftDir        = "raft"
	checkpointsDir = "checkpoints"
	tmpDir         = "tmp"
	stateName      = "state" // in a checkpoint: the store's files
	metaName       = "META"  // in a checkpoint: what raft and we know about it
)

// checkpointMeta is what stands beside a checkpoint.
type checkpointMeta struct {
	Raft     raft.SnapshotMeta `json:"raft"`
	Applied  uint64            `json:"applied"`            // the state's own index is at least this
	Received bool              `json:"received,omitempty"` // from the leader, not taken here
	At       time.Time         `json:"at"`                 // when it was made
}

// checkpoint is one that is kept.
type checkpoint struct {
	checkpointMeta
	dir     string
	readers int  // guarded by checkpoints.mu
	dropped bool // guarded by checkpoints.mu; removed when the last reader is done
}

// checkpoints is raft's snapshot store: a snapshot is a checkpoint of the store by hard links,
// in constant time and without a copy. It becomes tar only when a follower needs it.
type checkpoints struct {
	fs      vfs.FS
	dir     string // the node's directory
	state   state
	limit   *rate.Limiter // of streams to followers; nil: none
	now     func() time.Time
	changed func(oldest, newest checkpointMeta, count int)
	serial  func() string                                // distinguishes checkpoints at the same index
	inspect func(dir string) (applied uint64, err error) // of a checkpoint's state that was received

	mu   sync.Mutex
	kept []*checkpoint // guarded by mu; newest first
}

// state is what of the store a checkpoint needs.
type state interface {
	Applied() (index, term uint64)
	Checkpoint(dir string) error // durable when it returns, and flushed first
}

var _ raft.SnapshotStore = (*checkpoints)(nil)

// load reads what is kept and clears what was never announced. One whose meta cannot be read is an
// error: going on with an older one would forget acknowledged writes.
func (c *checkpoints) load() error {
	for _, dir := range []string{checkpointsDir, tmpDir} {
		if err := c.fs.MkdirAll(c.fs.PathJoin(c.dir, dir), 0o700); err != nil {
			return fmt.Errorf("make folder %s: %w", dir, err)
		}
	}
	if err := syncDir(c.fs, c.dir); err != nil {
		return err
	}
	names, err := c.fs.List(c.fs.PathJoin(c.dir, checkpointsDir))
	if err != nil {
		return fmt.Errorf("list checkpoints: %w", err)
	}
	for _, name := range names {
		if name == installName {
			continue
		}
		dir := c.fs.PathJoin(c.dir, checkpointsDir, name)
		meta, err := readMeta(c.fs, dir)
		if err != nil {
			return err
		}
		c.kept = append(c.kept, &checkpoint{checkpointMeta: meta, dir: dir})
	}
	slices.SortFunc(c.kept, func(a, b *checkpoint) int { return compareMeta(b.checkpointMeta, a.checkpointMeta) })
	return nil
}

func compareMeta(a, b checkpointMeta) int {
	for _, d := range [][2]uint64{{a.Raft.Index, b.Raft.Index}, {a.Raft.Term, b.Raft.Term}, {a.Applied, b.Applied}} {
		if d[0] != d[1] {
			if d[0] < d[1] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// newest answers the newest checkpoint's meta; false when there is none.
func (c *checkpoints) newest() (checkpointMeta, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) == 0 {
		return checkpointMeta{}, false
	}
	return c.kept[0].checkpointMeta, true
}

// List answers what is kept, newest first.
func (c *checkpoints) List() ([]*raft.SnapshotMeta, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []*raft.SnapshotMeta
	for _, k := range c.kept {
		meta := k.Raft
		list = append(list, &meta)
	}
	return list, nil
}

// Create begins a checkpoint that raft will fill: by take when it is of our own state, by Write when
// the leader sends one.
func (c *checkpoints) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64, _ raft.Transport,
) (raft.SnapshotSink, error) {
	if version != raft.SnapshotVersionMax {
		return nil, fmt.Errorf("begin checkpoint: raft snapshot version %d is not known", version)
	}
	id := fmt.Sprintf("%016x-%016x-%s", index, term, c.serial())
	s := &sink{c: c, id: id, dir: c.fs.PathJoin(c.dir, tmpDir, id)}
	s.meta.Raft = raft.SnapshotMeta{
		Version: version, ID: id, Index: index, Term: term,
		Configuration: configuration, ConfigurationIndex: configurationIndex,
	}
	if err := c.fs.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("begin checkpoint %s: %w", id, err)
	}
	return s, nil
}

// Open streams a checkpoint. It stays until the stream is closed, even when newer ones push it out.
func (c *checkpoints) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.kept {
		if k.Raft.ID != id {
			continue
		}
		r, size, err := packState(c.fs, c.fs.PathJoin(k.dir, stateName), c.limit)
		if err != nil {
			return nil, nil, fmt.Errorf("open checkpoint %s: %w", id, err)
		}
		meta := k.Raft
		meta.Size = size
		k.readers++
		return &meta, &openCheckpoint{Reader: r, close: sync.OnceValue(func() error {
			return errors.Join(r.Close(), c.release(k))
		})}, nil
	}
	return nil, nil, fmt.Errorf("open checkpoint %s: it is not kept", id)
}

type openCheckpoint struct {
	io.Reader
	close func() error
}

func (o *openCheckpoint) Close() error { return o.close() }

func (c *checkpoints) release(k *checkpoint) error {
	c.mu.Lock()
	k.readers--
	remove := k.dropped && k.readers == 0
	c.mu.Unlock()
	if remove {
		return c.fs.RemoveAll(k.dir)
	}
	return nil
}

// announce puts a finished checkpoint among the kept and lets the surplus go.
func (c *checkpoints) announce(k *checkpoint) error {
	c.mu.Lock()
	c.kept = append(c.kept, k)
	slices.SortFunc(c.kept, func(a, b *checkpoint) int { return compareMeta(b.checkpointMeta, a.checkpointMeta) })
	var remove []*checkpoint
	for len(c.kept) > keptCheckpoints {
		last := c.kept[len(c.kept)-1]
		c.kept = c.kept[:len(c.kept)-1]
		last.dropped = true
		if last.readers == 0 {
			remove = append(remove, last)
		}
	}
	c.mu.Unlock()
	c.tell()
	for _, k := range remove {
		if err := c.fs.RemoveAll(k.dir); err != nil {
			return fmt.Errorf("remove checkpoint %s: %w", k.Raft.ID, err)
		}
	}
	return nil
}

// tell says which checkpoints are kept now.
func (c *checkpoints) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.kept); n > 0 {
		c.changed(c.kept[n-1].checkpointMeta, c.kept[0].checkpointMeta, n)
	}
}

// sink makes one checkpoint under tmp/ and moves it into place when it is whole.
type sink struct {
	c        *checkpoints
	id       string
	dir      string
	meta     checkpointMeta
	received vfs.File // what the leader sends; nil when the checkpoint is our own
	done     bool
}

var _ raft.SnapshotSink = (*sink)(nil)

func (s *sink) ID() string { return s.id }

// take makes the checkpoint of our own state, which is at the snapshot's index or past it. The store
// flushes first, so what is announced is on the disk.
func (s *sink) take() error {
	s.meta.Applied, _ = s.c.state.Applied()
	return s.c.state.Checkpoint(s.c.fs.PathJoin(s.dir, stateName))
}

// Write receives a part of a leader's checkpoint.
func (s *sink) Write(p []byte) (int, error) {
	if s.received == nil {
		f, err := s.c.fs.Create(s.c.fs.PathJoin(s.dir, "received.tar"), vfs.WriteCategoryUnspecified)
		if err != nil {
			return 0, fmt.Errorf("receive checkpoint %s: %w", s.id, err)
		}
		s.received = f
	}
	return s.received.Write(p)
}

// Close announces the checkpoint.
func (s *sink) Close() error {
	if s.done {
		return nil
	}
	s.done = true
	if err := s.finish(); err != nil {
		return errors.Join(fmt.Errorf("make checkpoint %s: %w", s.id, err), s.c.fs.RemoveAll(s.dir))
	}
	return nil
}

func (s *sink) finish() error {
	fs := s.c.fs
	if s.received != nil {
		if err := errors.Join(s.received.Sync(), s.received.Close()); err != nil {
			return err
		}
		path := fs.PathJoin(s.dir, "received.tar")
		if err := unpackState(fs, path, fs.PathJoin(s.dir, stateName)); err != nil {
			return err
		}
		if err := fs.Remove(path); err != nil {
			return err
		}
		s.meta.Received = true
		var err error
		if s.meta.Applied, err = s.c.inspect(fs.PathJoin(s.dir, stateName)); err != nil {
			return err
		}
	}
	s.meta.At = s.c.now()
	if err := writeMeta(fs, s.dir, s.meta); err != nil {
		return err
	}
	place := fs.PathJoin(s.c.dir, checkpointsDir, s.id)
	if err := fs.Rename(s.dir, place); err != nil {
		return err
	}
	if err := errors.Join(syncDir(fs, fs.PathJoin(s.c.dir, checkpointsDir)), syncDir(fs, fs.PathJoin(s.c.dir, tmpDir))); err != nil {
		return err
	}
	return s.c.announce(&checkpoint{checkpointMeta: s.meta, dir: place})
}

// Cancel forgets the checkpoint.
func (s *sink) Cancel() error {
	if s.done {
		return nil
	}
	s.done = true
	var err error
	if s.received != nil {
		err = s.received.Close()
	}
	return errors.Join(err, s.c.fs.RemoveAll(s.dir))
}

// A META is its CRC-32C in hex, a line's end, and JSON.
func writeMeta(fs vfs.FS, dir string, meta checkpointMeta) error {
	text, err := json.Marshal(meta)
	if err != nil {
		return err
	}
	line := fmt.Appendf(nil, "%08x\n%s", castagnoli(text), text)
	return writeFile(fs, dir, metaName, line)
}

func readMeta(fs vfs.FS, dir string) (checkpointMeta, error) {
	text, err := readFile(fs, fs.PathJoin(dir, metaName))
	if err != nil {
		return checkpointMeta{}, fmt.Errorf("%w: read checkpoint %s: %w", ErrCorrupt, fs.PathBase(dir), err)
	}
	meta, err := decodeMeta(text)
	if err != nil {
		return checkpointMeta{}, fmt.Errorf("read checkpoint %s: %w", fs.PathBase(dir), err)
	}
	return meta, nil
}

func decodeMeta(text []byte) (checkpointMeta, error) {
	sum, body, ok := bytes.Cut(text, []byte("\n"))
	want, err := strconv.ParseUint(string(sum), 16, 32)
	if !ok || len(sum) != 8 || err != nil || uint32(want) != castagnoli(body) {
		return checkpointMeta{}, fmt.Errorf("%w: its meta does not match its checksum", ErrCorrupt)
	}
	var meta checkpointMeta
	if err := json.Unmarshal(body, &meta); err != nil {
		return checkpointMeta{}, fmt.Errorf("%w: its meta: %w", ErrCorrupt, err)
	}
	return meta, nil
}
