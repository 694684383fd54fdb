package replicate

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// installName is a file in checkpoints/ that names the one that must become the state.
const installName = "INSTALL"

// order marks the newest checkpoint, which was received just now, as the one to install.
func (c *checkpoints) order() error {
	meta, ok := c.newest()
	if !ok {
		return fmt.Errorf("install a checkpoint: none is kept")
	}
	return writeFile(c.fs, c.fs.PathJoin(c.dir, checkpointsDir), installName, []byte(meta.Raft.ID))
}

func installing(fsys vfs.FS, dir string) (id string, err error) {
	text, err := readFile(fsys, fsys.PathJoin(dir, checkpointsDir, installName))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for a checkpoint to install: %w", err)
	}
	return string(text), nil
}

func refusePending(fsys vfs.FS, dir string) error {
	id, err := installing(fsys, dir)
	if err == nil && id != "" {
		err = fmt.Errorf("%w: %s", ErrReopen, id)
	}
	return err
}

// Install makes a checkpoint that was received from the leader the node's state. It is called before
// the store is opened, always; it does nothing when there is none to install, and reports whether it
// did. It can be ended at any point and called again: what it replaces is removed last.
func Install(fsys vfs.FS, dir string) (bool, error) {
	id, err := installing(fsys, dir)
	if err != nil || id == "" {
		return false, err
	}
	if err := install(fsys, dir, id); err != nil {
		return false, fmt.Errorf("install checkpoint %s: %w", id, err)
	}
	return true, nil
}

func install(fsys vfs.FS, dir, id string) error {
	if id != fsys.PathBase(id) {
		return fmt.Errorf("%w: %s names no checkpoint", ErrCorrupt, installName)
	}
	from := fsys.PathJoin(dir, checkpointsDir, id)
	if _, err := readMeta(fsys, from); err != nil {
		return err
	}
	next, former := fsys.PathJoin(dir, tmpDir, "install"), fsys.PathJoin(dir, tmpDir, "replaced")
	for _, path := range []string{next, former} {
		if err := fsys.RemoveAll(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := linkAll(fsys, fsys.PathJoin(from, stateName), next); err != nil {
		return err
	}
	place := fsys.PathJoin(dir, storeDir)
	if err := fsys.Rename(place, former); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := fsys.Rename(next, place); err != nil {
		return err
	}
	if err := errors.Join(syncDir(fsys, dir), syncDir(fsys, fsys.PathJoin(dir, tmpDir))); err != nil {
		return err
	}
	if err := fsys.Remove(fsys.PathJoin(dir, checkpointsDir, installName)); err != nil {
		return err
	}
	if err := syncDir(fsys, fsys.PathJoin(dir, checkpointsDir)); err != nil {
		return err
	}
	if err := fsys.RemoveAll(former); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// linkAll makes a folder of a checkpoint's tables by hard links; files that a store writes to later
// are copied.
func linkAll(fsys vfs.FS, from, to string) error {
	names, err := fsys.List(from)
	if err != nil {
		return err
	}
	if err := fsys.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, name := range names {
		if err := vfs.LinkOrCopy(fsys, fsys.PathJoin(from, name), fsys.PathJoin(to, name)); err != nil {
			return err
		}
	}
	return syncDir(fsys, to)
}
