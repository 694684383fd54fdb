package daemon

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"domicile/replicate"
	"domicile/store"
)

// spaceEvery is how often the file system is asked; a disk does not fill by gigabytes in a second.
const spaceEvery = time.Second

// disk watches the free space under the data directory.
type disk struct {
	path        string
	free, total atomic.Uint64
	gauge       prometheus.Gauge
}

func newDisk(path string, reg prometheus.Registerer) *disk {
	d := &disk{path: path, gauge: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "domicile_disk_free_bytes", Help: "Free space under the data directory.",
	})}
	reg.MustRegister(d.gauge)
	d.look()
	return d
}

func statfs(path string) (free, total uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, 0, fmt.Errorf("read free space: %w", err)
	}
	size := uint64(s.Bsize) //nolint:gosec // never negative; its type differs by system
	return s.Bavail * size, s.Blocks * size, nil
}

// look asks the file system. While it can't be asked, the last answer holds.
func (d *disk) look() {
	free, total, err := statfs(d.path)
	if err != nil {
		return
	}
	d.free.Store(free)
	d.total.Store(total)
	d.gauge.Set(float64(free))
}

// space is what was seen last; store.Options.Free.
func (d *disk) space() (free, total uint64) { return d.free.Load(), d.total.Load() }

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

// guarded is the region's cell as everything above it sees it: while the disk is full, what would add to it
// is refused, and what frees space passes.
type guarded struct{ *replicate.Node }

// Submit proposes a command, as replicate.Node does; store.ErrNoSpace before anything is written.
func (g *guarded) Submit(ctx context.Context, c store.Command) (store.Result, error) {
	if c.Txn != nil && adds(c.Txn) && g.Store().SpaceState() >= store.SpaceFull {
		return store.Result{}, store.ErrNoSpace
	}
	return g.Node.Submit(ctx, c)
}

// adds says whether a transaction is there to add: one that deletes may put a little, for the record.
func adds(t *store.Txn) bool {
	const little = 4 << 10
	size := 0
	for _, p := range t.Puts {
		size += len(p.Doc)
	}
	return size > 0 && (len(t.Deletes) == 0 || size > little)
}
