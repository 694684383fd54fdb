package daemon

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"domicile/daemon/peer"
)

// Errors about a data directory. Each text says what to do.
var (
	// ErrNotInitialised means that the directory holds no cell.
	ErrNotInitialised = errors.New("data directory holds no cell")
	// ErrInitialised means that `cell init` was asked for where there is a cell, or something else.
	ErrInitialised = errors.New("data directory is not empty")
	// ErrForeignData means that the directory belongs to another region, cell or node.
	ErrForeignData = errors.New("data directory belongs to another node")
	// ErrNewerData means that a newer version of Domicile wrote the directory.
	ErrNewerData = errors.New("data directory was written by a newer version")
	// ErrInUse means that another process has the directory open.
	ErrInUse = errors.New("data directory is in use")
	// ErrNotWritable means that the directory can't be written to.
	ErrNotWritable = errors.New("data directory can't be written to")
)

// dataFormat is the version of the directory's layout. A node refuses a higher one.
const dataFormat = 1

const (
	markerFile = "node.json"
	lockFile   = "LOCK"
)

// marker says whose data directory this is. It is written last by `cell init`, so a directory without it
// is half made.
type marker struct {
	Format  int       `json:"format"`
	Region  string    `json:"region"`
	Cell    string    `json:"cell"`
	Node    string    `json:"node"`
	CellID  string    `json:"cellId"` // random, so that two cells of one name are told apart
	Created time.Time `json:"created"`
}

// dataDir is a locked data directory.
type dataDir struct {
	path   string
	lock   *flock.Flock
	marker marker
}

// openData locks the directory of an initialised node and checks that it is this node's.
func openData(path string, self peer.Identity) (*dataDir, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || isEmpty(path) {
		return nil, fmt.Errorf("%s: %w; make one with `domicile cell init --config FILE`", path, ErrNotInitialised)
	}
	// The marker comes first: a directory that is not ours is left without even a lock file.
	m, err := readMarker(path, self)
	if err != nil {
		return nil, err
	}
	d, err := lockData(path)
	if err != nil {
		return nil, err
	}
	d.marker = m
	return d, nil
}

// makeData creates and locks the directory of a new node. What a half-done `cell init` left behind is taken
// away; anything else is refused.
func makeData(path string) (*dataDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, writable(path, err)
	}
	// Looked at before the lock is taken, so that what is refused is left without even a lock file.
	if _, err := halfMade(path); err != nil {
		return nil, err
	}
	d, err := lockData(path)
	if err != nil {
		return nil, err
	}
	if err := d.clearHalfMade(); err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

func lockData(path string) (*dataDir, error) {
	d := &dataDir{path: path, lock: flock.New(filepath.Join(path, lockFile), flock.SetPermissions(0o600))}
	ok, err := d.lock.TryLock()
	if err != nil {
		return nil, writable(path, err)
	}
	if !ok {
		return nil, fmt.Errorf("%s: %w by another domicile process; stop that one, or use another directory", path, ErrInUse)
	}
	probe := filepath.Join(path, ".probe")
	if err := os.WriteFile(probe, []byte("x"), 0o600); err != nil {
		_ = d.Close()
		return nil, writable(path, err)
	}
	_ = os.Remove(probe)
	return d, nil
}

func writable(path string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%s: %w: the disk is full; free some space: %w", path, ErrNotWritable, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s: %w: the file system is read-only: %w", path, ErrNotWritable, err)
	default:
		return fmt.Errorf("%s: %w; give it to the user who runs domicile: %w", path, ErrNotWritable, err)
	}
}

func readMarker(path string, self peer.Identity) (m marker, err error) {
	raw, err := os.ReadFile(filepath.Join(path, markerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s: %w, or one that was not finished; run `domicile cell init --config FILE` (again)", path, ErrNotInitialised)
	}
	if err != nil {
		return m, fmt.Errorf("read marker of data directory: %w", err)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("%s: marker %s is damaged: %w", path, markerFile, err)
	}
	if m.Format > dataFormat {
		return m, fmt.Errorf("%s: %w: format %d, this version knows up to %d; use the version that wrote it", path, ErrNewerData, m.Format, dataFormat)
	}
	if owner := (peer.Identity{Region: m.Region, Cell: m.Cell, Node: m.Node}); owner != self {
		return m, fmt.Errorf("%s: %w: it is %s, the configuration says %s; correct `data` or the names", path, ErrForeignData, owner, self)
	}
	return m, nil
}

// halfMade lists what an interrupted `cell init` left in a directory; anything else in it is refused.
func halfMade(path string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("read data directory: %w", err)
	}
	ours := map[string]bool{lockFile: true, "store": true, "raft": true, "checkpoints": true, "index": true, "keys": true, "tmp": true}
	for _, e := range entries {
		if !ours[e.Name()] {
			return nil, fmt.Errorf("%s: %w: it has %s; `cell init` wants an empty directory", path, ErrInitialised, e.Name())
		}
	}
	return entries, nil
}

// clearHalfMade removes what an interrupted `cell init` made: only names that it makes, only without a marker.
func (d *dataDir) clearHalfMade() error {
	entries, err := halfMade(d.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == lockFile {
			continue
		}
		if err := os.RemoveAll(filepath.Join(d.path, e.Name())); err != nil {
			return fmt.Errorf("clear half-made data directory: %w", err)
		}
	}
	return nil
}

// finish writes the marker: from now on the directory is a node's.
func (d *dataDir) finish(m marker) error {
	m.Format = dataFormat
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("encode marker: %w", err)
	}
	d.marker = m
	return writeSynced(filepath.Join(d.path, markerFile), append(raw, '\n'), 0o600)
}

func (d *dataDir) sub(name string) string { return filepath.Join(d.path, name) }

// Close releases the lock.
func (d *dataDir) Close() error { return d.lock.Unlock() }

func isEmpty(path string) bool {
	entries, err := os.ReadDir(path)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if e.Name() != lockFile {
			return false
		}
	}
	return true
}

// writeSynced replaces a file so that after a crash it is there whole, or as it was.
func writeSynced(name string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(name+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(name), err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	if err == nil {
		err = syncDir(filepath.Dir(name))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(name), err)
	}
	return nil
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// newSigningKey makes the region's Ed25519 key in a PEM file (PKCS #8). A key that is there is kept.
func newSigningKey(name string) (ed25519.PrivateKey, error) {
	if key, err := readSigningKey(name); !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode signing key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the signing key: %w", err)
	}
	return key, writeSynced(name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

func readSigningKey(name string) (ed25519.PrivateKey, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("read signing key %s: no PEM block in it", name)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read signing key %s: %w", name, err)
	}
	signing, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("read signing key %s: not an Ed25519 key", name)
	}
	return signing, nil
}
