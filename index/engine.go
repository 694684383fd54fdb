package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/blevesearch/bleve/v2/index/scorch"
	bleve "github.com/blevesearch/bleve_index_api"

	"domicile/store"
)

// engine is one open Bleve index in a directory of its own: scorch directly,
// as Bleve's own wrapper would add a process-wide queue and a mapping in JSON.
type engine struct {
	dir  string
	idx  bleve.Index
	done chan error // one value for each batch that is on disk
	open int        // batches that are not on disk yet
	old  bool       // there were segments before it was opened
}

// maxUnwritten bounds the batches that are in memory only.
const maxUnwritten = 8

// writeTimeout is how long the oldest batch may take to reach the disk. Scorch
// retries for ever, so a full disk shows as this.
const writeTimeout = 30 * time.Second

var errStalled = errors.New("batches do not reach the disk")

// positionKey is where Bleve keeps how far an index has read.
var positionKey = []byte("position")

// encodePosition writes a cursor together with the mapping's version.
func encodePosition(c store.Cursor) []byte {
	return append(binary.BigEndian.AppendUint32(nil, mappingVersion), c.String()...)
}

// decodePosition reads a position; one of another mapping is none.
func decodePosition(b []byte) (store.Cursor, bool) {
	if len(b) < 4 || binary.BigEndian.Uint32(b) != mappingVersion {
		return store.Cursor{}, false
	}
	c, err := store.ParseCursor(string(b[4:]))
	return c, err == nil
}

// bleveDir is where in an index's directory Bleve's files are.
func bleveDir(dir string) string { return filepath.Join(dir, "bleve") }

// openEngine opens the index in dir, or makes one. Files that are not as they
// were left give an error that wraps errDamaged.
func openEngine(dir string, queue *bleve.AnalysisQueue) (*engine, error) {
	if err := os.MkdirAll(bleveDir(dir), 0o700); err != nil {
		return nil, fmt.Errorf("create index: %w", err)
	}
	if err := checkFiles(dir); err != nil {
		return nil, err
	}
	// From here on the files change, so what the manifest says is over.
	if err := os.Remove(filepath.Join(dir, manifestName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open index: %w", err)
	}
	segments, err := filepath.Glob(filepath.Join(bleveDir(dir), "*.zap"))
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	e := &engine{dir: dir, done: make(chan error, maxUnwritten), old: len(segments) > 0}
	err = guard(func() (err error) {
		e.idx, err = scorch.NewScorch(scorch.Name, map[string]any{
			"path":               bleveDir(dir),
			"bolt_timeout":       "2s", // a second open waits for ever without
			"unsafe_batch":       true, // searchable at once, on disk soon after
			"numSnapshotsToKeep": 1,
		}, queue)
		if err != nil {
			return err
		}
		return e.idx.Open()
	})
	if err != nil {
		return nil, fmt.Errorf("open index: %w", openError(err))
	}
	return e, nil
}

// openError makes damage of what Bleve says about its files, but not of what
// the system says: an index is not to be built again for want of permission,
// descriptors or space.
func openError(err error) error {
	var path *fs.PathError
	var system syscall.Errno
	if errors.Is(err, errDamaged) || errors.As(err, &path) || errors.As(err, &system) {
		return err
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}

// position says how far the index has read; false if it is new, or was written
// by another version.
func (e *engine) position() (store.Cursor, bool, error) {
	r, err := e.idx.Reader()
	if err != nil {
		return store.Cursor{}, false, fmt.Errorf("read index: %w", err)
	}
	defer r.Close()
	return readPosition(r)
}

func readPosition(r bleve.IndexReader) (store.Cursor, bool, error) {
	b, err := r.GetInternal(positionKey)
	if err != nil {
		return store.Cursor{}, false, fmt.Errorf("read index's position: %w", err)
	}
	c, ok := decodePosition(b)
	return c, ok, nil
}

// write puts a batch and the cursor after it into the index. They can be found
// when it returns, and are on disk some time later.
func (e *engine) write(b *bleve.Batch, c store.Cursor) error {
	for e.open >= maxUnwritten {
		if err := e.settle(); err != nil {
			return err
		}
	}
	b.SetInternal(positionKey, encodePosition(c))
	done := e.done
	b.SetPersistedCallback(func(err error) { done <- err })
	if err := guard(func() error { return e.idx.Batch(b) }); err != nil {
		return fmt.Errorf("write batch: %w", err)
	}
	e.open++
	return nil
}

// settle waits until one more batch is on disk.
func (e *engine) settle() error {
	t := time.NewTimer(writeTimeout)
	defer t.Stop()
	select {
	case err := <-e.done:
		e.open--
		if err != nil {
			return fmt.Errorf("write batch: %w", err)
		}
		return nil
	case <-t.C:
		return errStalled
	}
}

// used says whether something was written to the index, ever.
func (e *engine) used() (bool, error) {
	r, err := e.idx.Reader()
	if err != nil {
		return false, fmt.Errorf("read index: %w", err)
	}
	defer r.Close()
	b, err := r.GetInternal(positionKey)
	return e.old || b != nil, err
}

// count is the number of records in the index.
func (e *engine) count() (uint64, error) {
	r, err := e.idx.Reader()
	if err != nil {
		return 0, fmt.Errorf("read index: %w", err)
	}
	defer r.Close()
	return r.DocCount()
}

// close brings what was written to disk and closes the index, which nobody may
// be using, at cursor c. What does not reach the disk is read from the feed again.
func (e *engine) close(c store.Cursor) error {
	var err error
	for e.open > 0 && err == nil {
		err = e.settle()
	}
	if err != nil {
		return errors.Join(err, e.abandon())
	}
	if err := e.abandon(); err != nil {
		return err
	}
	return writeManifest(e.dir, encodePosition(c))
}

// abandon closes the index as it is, to be removed or mended.
func (e *engine) abandon() error {
	if err := guard(e.idx.Close); err != nil {
		return fmt.Errorf("close index: %w", err)
	}
	return nil
}

// guard calls f and makes an error of a panic, and of a fault in mapped memory:
// Bleve trusts its files.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			// The value may quote what was indexed.
			err = fmt.Errorf("%w: panic", errDamaged)
		}
	}()
	return f()
}
