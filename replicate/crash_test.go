package replicate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/tidwall/gjson"

	"domicile/store"
	"domicile/store/record"
)

const (
	crashWriters = 8
	crashSlots   = 16 // records of each writer
)

// journal is what clients know: the newest write of each record that was acknowledged to them.
type journal struct {
	acked [crashWriters][crashSlots]atomic.Int64
	total atomic.Int64
	moved signal
	pause sync.RWMutex // held for writing while nobody may begin a write
}

// copyOf is the journal as it is now; what is acknowledged while it is made may or may not be in it.
func (j *journal) copyOf() (c [crashWriters][crashSlots]int64) {
	for w := range c {
		for s := range c[w] {
			c[w][s] = j.acked[w][s].Load()
		}
	}
	return c
}

func crashKey(w, s int) record.Key {
	return record.Key{Kind: record.Tag, ID: record.DeriveID("crash", fmt.Sprint(w), fmt.Sprint(s))}
}

// write puts records until ctx ends or the node does not take any more.
func (j *journal) write(ctx context.Context, n *Node, w int, from int64) {
	for i := from; ctx.Err() == nil; i++ {
		s := int(i) % crashSlots
		key := crashKey(w, s)
		doc := fmt.Appendf(nil, `{"id":%q,"name":"%d %d","n":%d}`, key.ID, w, s, i)
		j.pause.RLock()
		_, err := n.Submit(ctx, store.Command{Txn: &store.Txn{Workspace: acme, Epoch: 1, Puts: []store.Put{{Key: key, Doc: doc}}}})
		j.pause.RUnlock()
		if err != nil {
			return
		}
		j.acked[w][s].Store(i)
		j.total.Add(1)
		j.moved.tell()
	}
}

// wait waits until so many writes were acknowledged in all.
func (j *journal) wait(ctx context.Context, total int64) error {
	for {
		seen := j.moved.next()
		if j.total.Load() >= total {
			return nil
		}
		select {
		case <-seen:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d writes: %w", j.total.Load(), total, ctx.Err())
		}
	}
}

// missing compares a node after a crash with what had been acknowledged before it.
func missing(ctx context.Context, n *Node, acked [crashWriters][crashSlots]int64) error {
	v, err := n.View(ctx)
	if err != nil {
		return err
	}
	defer v.Close()
	for w := range acked {
		for s, want := range acked[w] {
			if want == 0 {
				continue
			}
			r, err := v.Get(acme, record.Tag, crashKey(w, s).ID)
			if err != nil {
				return fmt.Errorf("write %d of record %d of writer %d: %w", want, s, w, err)
			}
			if got := gjson.GetBytes(r.Doc, "n").Int(); got < want {
				return fmt.Errorf("record %d of writer %d is at write %d, %d was acknowledged", s, w, got, want)
			}
		}
	}
	return v.Verify(ctx, acme)
}

// survive opens what a crash left and looks for what was acknowledged.
func survive(ctx context.Context, fs vfs.FS, acked [crashWriters][crashSlots]int64, change ...func(*Options)) error {
	r, err := boot(fs, "/n1", change...)
	if err != nil {
		return err
	}
	return errors.Join(missing(ctx, r.node, acked), r.close())
}

func small(o *Options) { o.SnapshotBytes, o.LogBytes = 24<<10, 8<<10 }

// P1: an acknowledged write survives the loss of power. The file system under log and state is cloned
// as a crash would leave it, again and again under load, and each clone is opened; the load then goes
// on from a clone.
func TestP1AcknowledgedSurvivesPowerLoss(t *testing.T) {
	t.Parallel()
	generations, clones := 10, 21
	if testing.Short() {
		generations = 2
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	ctx := within(t)
	fs := vfs.NewCrashableMem()
	var acked [crashWriters][crashSlots]int64
	made := 0
	for generation := range generations {
		var err error
		if fs, acked, err = crashGeneration(ctx, t, fs, acked, clones, rng); err != nil {
			t.Fatalf("generation %d: %v", generation, err)
		}
		made += clones
	}
	t.Logf("%d clones opened", made)
}

// crashGeneration runs the load on fs, opens clones of it, and answers the last clone.
func crashGeneration(ctx context.Context, t *testing.T, fs *vfs.MemFS, acked [crashWriters][crashSlots]int64, clones int, rng *rand.Rand,
) (*vfs.MemFS, [crashWriters][crashSlots]int64, error) {
	r, err := boot(fs, "/n1", small)
	if err != nil {
		return nil, acked, err
	}
	if _, err := r.node.Submit(ctx, store.Command{Create: &store.Create{Workspace: acme, Epoch: 1, Incarnation: 7}}); err != nil {
		return nil, acked, err
	}
	if err := missing(ctx, r.node, acked); err != nil {
		return nil, acked, err
	}
	writing, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	j := &journal{}
	j.moved.init()
	for w := range acked {
		newest := int64(0)
		for s, n := range acked[w] {
			j.acked[w][s].Store(n)
			newest = max(newest, n)
		}
		wg.Go(func() { j.write(writing, r.node, w, newest+1) })
	}
	var last *vfs.MemFS
	for i := range clones {
		if err := j.wait(ctx, j.total.Load()+1+rng.Int64N(40)); err != nil {
			return nil, acked, err
		}
		if i%5 == 2 {
			if err := r.node.checkpoint(); err != nil {
				return nil, acked, err
			}
		}
		acked = j.copyOf() // before the clone: all of it must be there
		unsynced := []int{0, 0, 30, 70, 100}[rng.IntN(5)]
		last = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: rand.New(rand.NewPCG(rng.Uint64(), 2))})
		j.pause.Lock() // the load was there when the clone was made; it need not grow while it is opened
		// What is opened is a clone of the clone, so that the last one goes on as the crash left it.
		err := survive(ctx, last.CrashClone(vfs.CrashCloneCfg{}), acked, small)
		j.pause.Unlock()
		if err != nil {
			return nil, acked, fmt.Errorf("clone %d, %d%% of unsynced data kept: %w", i, unsynced, err)
		}
	}
	stop()
	wg.Wait()
	return last, acked, r.close()
}

// The test above proves nothing if it cannot fail: without the log's sync it must.
func TestPowerLossIsNoticedWithoutSync(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	fs := vfs.NewCrashableMem()
	unsafe := func(o *Options) { o.noSync = true }
	r, err := boot(fs, "/n1", unsafe)
	if err != nil {
		t.Fatal(err)
	}
	create(t, r.node)
	writing, stop := context.WithCancel(ctx)
	j := &journal{}
	j.moved.init()
	var wg sync.WaitGroup
	for w := range crashWriters {
		wg.Go(func() { j.write(writing, r.node, w, 1) })
	}
	err = j.wait(ctx, 200)
	acked := j.copyOf()
	clone := fs.CrashClone(vfs.CrashCloneCfg{})
	stop()
	wg.Wait()
	if err := errors.Join(err, r.close()); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, retryMost*10)
	defer cancel()
	if err := survive(short, clone, acked); err == nil {
		t.Error("a log that was never synced kept everything: the crash test cannot fail")
	}
}
