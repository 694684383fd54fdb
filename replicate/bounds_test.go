package replicate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"domicile/store"
)

// P8: what is too much is refused at once.
func TestP8FullQueueRefusesAtOnce(t *testing.T) {
	t.Parallel()
	fs := vfs.NewMem()
	db, err := store.Open(store.Options{Dir: "/n1/store", FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	n, err := Open(Options{Store: db, Dir: "/n1", FS: fs, CellID: "cell", NodeID: "n1", Bootstrap: true, Queue: 8})
	if err != nil {
		t.Fatal(err)
	}
	n.campaign() // it leads, but nobody proposes: Run does not run
	for n.raft.State().String() != "Leader" {
		<-n.raft.LeaderCh()
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := n.Submit(ctx, put(i, "")); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnknownOutcome) {
				t.Errorf("a submission that nobody took: %v", err)
			}
		})
	}
	for len(n.queue) < 8 {
		time.Sleep(time.Millisecond)
	}
	if _, err := n.Submit(context.Background(), put(9, "")); !errors.Is(err, ErrOverloaded) {
		t.Errorf("submit to a full queue: %v", err)
	}
	cancel()
	wg.Wait()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if _, err := n.Submit(context.Background(), put(9, "")); !errors.Is(err, ErrStopped) {
		t.Errorf("submit to a closed node: %v", err)
	}
	if _, err := n.View(context.Background()); !errors.Is(err, ErrStopped) {
		t.Errorf("view of a closed node: %v", err)
	}
}

func TestP8QueueIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	r := start(t, vfs.NewMem(), func(o *Options) { o.QueueBytes = 10 })
	if _, err := r.node.Submit(within(t), put(1, "")); !errors.Is(err, ErrOverloaded) {
		t.Errorf("submit more bytes than may wait: %v", err)
	}
}

func TestP8LargeCommandsAreRefused(t *testing.T) {
	t.Parallel()
	r := start(t, vfs.NewMem())
	create(t, r.node)
	rest := fmt.Sprintf(`,"note":"%s"`, bytes.Repeat([]byte("x"), 250<<10))
	c := put(1, rest)
	if _, err := r.node.Submit(within(t), c); err != nil {
		t.Errorf("a document of 250 KiB: %v", err)
	}
	c.Txn.Puts = append(c.Txn.Puts, put(2, rest).Txn.Puts...)
	if _, err := r.node.Submit(within(t), c); err != nil {
		t.Errorf("two documents of 250 KiB: %v", err)
	}
	c.Txn.Puts = append(c.Txn.Puts, put(3, rest).Txn.Puts...)
	if _, err := r.node.Submit(within(t), c); !errors.Is(err, ErrTooLarge) || !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("750 KiB in one transaction: %v", err)
	}
	many := put(1, "")
	for range 60_000 {
		many.Txn.If = append(many.Txn.If, store.Exists(tag(1)))
	}
	if _, err := r.node.Submit(within(t), many); !errors.Is(err, ErrTooLarge) {
		t.Errorf("60,000 conditions: %v", err)
	}
}

// Large and small commands are packed by bytes: none is lost when an entry is full.
func TestP2PackingByBytesLosesNothing(t *testing.T) {
	t.Parallel()
	r := start(t, vfs.NewMem())
	create(t, r.node)
	var wg sync.WaitGroup
	const n = 96
	for i := range n {
		wg.Go(func() {
			rest := ""
			if i%3 == 0 {
				rest = fmt.Sprintf(`,"note":"%s"`, bytes.Repeat([]byte("y"), 200<<10))
			}
			if _, err := r.node.Submit(within(t), put(i, rest)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	v := r.node.Local()
	defer closeView(t, v)
	for i := range n {
		if !has(t, v, i) {
			t.Errorf("record %d is lost", i)
		}
	}
	if r.node.queued.Load() != 0 {
		t.Errorf("%d bytes are still counted as waiting", r.node.queued.Load())
	}
}

func TestMetricsAreTheNodesOwn(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	r, err := boot(vfs.NewMem(), "/n1", func(o *Options) { o.Metrics = registry })
	if err != nil {
		t.Fatal(err)
	}
	create(t, r.node)
	_, _ = r.node.Submit(within(t), put(1, ""))
	_, err = r.node.Submit(within(t), only(1))
	if !errors.Is(err, store.ErrConflict) {
		t.Error(err)
	}
	for outcome, want := range map[string]float64{"applied": 2, "refused": 1} {
		if got := testutil.ToFloat64(r.node.metrics.commands.WithLabelValues(outcome)); got != want {
			t.Errorf("%s: %v, not %v", outcome, got, want)
		}
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	if err := r.close(); err != nil {
		t.Error(err)
	}
	if families, err := registry.Gather(); err != nil || len(families) > 0 {
		t.Errorf("a closed node leaves %d metrics, %v", len(families), err)
	}
}
