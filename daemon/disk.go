package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"domicile/replicate"
	"domicile/store"
)

// ErrNoSpace means that the disk is too full to write more. Deletions still pass, and writing goes on by
// itself when there is space again.
var ErrNoSpace = errors.New("the region's disk is too full to write more")

const (
	// lowSpace is the share of the disk below which puts are refused. Pebble ends the process when it meets
	// a full disk, and compaction needs room to free any: so we stop before.
	lowSpace = 0.05
	// enoughSpace bytes free are enough whatever their share; a share of a large disk is much.
	enoughSpace = 4 << 30
	spaceEvery  = time.Second
)

// disk watches the free space under the data directory.
type disk struct {
	path string
	free func(path string) (free, total uint64, err error)
	low  atomic.Bool
	gaug prometheus.Gauge
}

func newDisk(path string, reg prometheus.Registerer) *disk {
	d := &disk{path: path, free: statfs, gaug: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "domicile_disk_free_bytes", Help: "Free space under the data directory.",
	})}
	reg.MustRegister(d.gaug)
	d.look()
	return d
}

func statfs(path string) (free, total uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, 0, fmt.Errorf("read free space: %w", err)
	}
	return s.Bavail * uint64(s.Bsize), s.Blocks * uint64(s.Bsize), nil //nolint:gosec,unconvert // sizes of a disk are positive; types differ by system
}

// look asks the file system; one that can't be asked is taken to have room.
func (d *disk) look() {
	free, total, err := d.free(d.path)
	if err != nil {
		return
	}
	d.gaug.Set(float64(free))
	d.low.Store(free < enoughSpace && float64(free) < lowSpace*float64(total))
}

// Run looks each second until ctx ends.
func (d *disk) Run(ctx context.Context) error {
	tick := time.NewTicker(spaceEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			d.look()
		}
	}
}

// guarded is the region's cell as everything above it sees it: puts are refused while the disk is low.
type guarded struct {
	*replicate.Node
	disk *disk
}

// Submit proposes a command, as replicate.Node does; ErrNoSpace before anything is written.
func (g *guarded) Submit(ctx context.Context, c store.Command) (store.Result, error) {
	if c.Txn != nil && len(c.Txn.Puts) > 0 && len(c.Txn.Puts) >= len(c.Txn.Deletes) && g.disk.low.Load() {
		return store.Result{}, ErrNoSpace
	}
	return g.Node.Submit(ctx, c)
}
