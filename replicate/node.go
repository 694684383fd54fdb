package replicate

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"
	"golang.org/x/sync/errgroup"

	"domicile/store"
)

// Node is one member of a cell: it commits commands on a majority and applies them to its store.
// It is safe for concurrent use. Open makes it, Run works, Close ends it.
type Node struct {
	o           Options
	log         *entryLog
	codec       *codec
	checkpoints *checkpoints
	transport   raft.Transport
	raft        *raft.Raft
	clock       *clock
	metrics     *metrics

	queue   chan *proposal // what waits to be packed
	queued  atomic.Int64   // bytes of it
	intake  sync.RWMutex   // held for reading while something is put into queue
	closed  bool           // guarded by intake; nothing more is taken in
	rounds  rounds         // reads that wait for leadership to be confirmed
	serving atomic.Uint64  // term in which this leader has applied an entry of its own
	changed signal         // told when serving or the applied index moved

	stop     sync.Once
	cause    error         // why the node stopped; written before stopped is closed
	stopped  chan struct{} // closed by fail and Close
	running  atomic.Bool
	finished chan struct{} // closed when Run has returned
	halted   func() error  // ends raft, once
	closing  func() error  // frees everything, once
}

// Open makes a member of a cell of what o.Dir holds. It refuses a directory that is another cell's,
// whose log is damaged, or whose state is behind what it has promised. The node takes part in its
// cell from then on; it takes work once Run runs.
func Open(o Options) (*Node, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	n := &Node{
		o: o, queue: make(chan *proposal, o.Queue), stopped: make(chan struct{}), finished: make(chan struct{}),
		clock: &clock{wall: o.Now},
	}
	n.changed.init()
	n.rounds.init()
	n.halted = sync.OnceValue(n.halt)
	n.closing = sync.OnceValue(n.free)
	// A failed write while opening ends the goroutine that met it, not the caller's.
	var g errgroup.Group
	opened := false
	g.Go(func() error {
		defer func() { opened = true }()
		return n.open()
	})
	err := g.Wait()
	if n.failed() != nil {
		err = errors.Join(n.failed(), err)
	}
	if err == nil && !opened {
		err = ErrStopped
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open node %s: %w", o.NodeID, err), n.closing())
	}
	return n, nil
}

func (n *Node) open() error {
	o := n.o
	if err := refusePending(o.FS, o.Dir); err != nil {
		return err
	}
	var err error
	if n.codec, err = newCodec(); err != nil {
		return err
	}
	n.log, err = openLog(logOptions{
		dir: o.FS.PathJoin(o.Dir, raftDir), fs: o.FS, log: o.Log, fatal: n.fail, noSync: o.noSync,
		bounds: logBounds{bytes: o.LogBytes, age: o.LogAge, now: o.Now},
	})
	if err != nil {
		return err
	}
	n.log.corrupt = n.fail
	n.checkpoints = &checkpoints{fs: o.FS, dir: o.Dir, state: o.Store, limit: o.limiter(), now: o.Now, changed: n.kept, serial: serial, inspect: n.inspect}
	if err := n.checkpoints.load(); err != nil {
		return err
	}
	n.checkpoints.tell()
	if err := n.claim(); err != nil {
		return err
	}
	if err := n.agree(); err != nil {
		return err
	}
	_, term := o.Store.Applied()
	n.clock.applied(o.Store.CellTime(), term, true)
	n.metrics = newMetrics(n)
	if err := n.metrics.register(o.Metrics); err != nil {
		return err
	}
	return n.join()
}

// claim marks an empty directory as this cell's and node's, and refuses another's.
func (n *Node) claim() error {
	for _, mark := range [][2]string{{"cell", n.o.CellID}, {"node", n.o.NodeID}} {
		have, err := n.log.Get([]byte(mark[0]))
		switch {
		case errors.Is(err, errNotFound):
			if err := n.log.Set([]byte(mark[0]), []byte(mark[1])); err != nil {
				return err
			}
		case err != nil:
			return err
		case string(have) != mark[1]:
			return fmt.Errorf("%w: it is %s %s's, not %s's", ErrForeign, mark[0], have, mark[1])
		}
	}
	return nil
}

// agree compares what the state, the log and the newest checkpoint say about each other.
func (n *Node) agree() error {
	applied, _ := n.o.Store.Applied()
	first, last := n.log.ends()
	covered, newest := applied, checkpointMeta{}
	if meta, ok := n.checkpoints.newest(); ok {
		newest = meta
		if applied < newest.Applied {
			return fmt.Errorf("%w: it is at %d, the newest checkpoint at %d", ErrBehind, applied, newest.Applied)
		}
		if newest.Received {
			if err := n.log.startAfter(newest.Raft.Index, newest.Raft.Term); err != nil {
				return err
			}
			first, last = n.log.ends()
		}
		covered = max(covered, newest.Raft.Index) // what lies between is raft's own entries
	}
	if first > covered+1 {
		return fmt.Errorf("%w: it is at %d, the log starts at %d", ErrBehind, applied, first)
	}
	if !newest.Received && last < newest.Raft.Index || max(last, newest.Raft.Index) < applied {
		return fmt.Errorf("%w: it ends at %d, the state is at %d and the newest checkpoint at %d",
			ErrCorrupt, last, applied, newest.Raft.Index)
	}
	return nil
}

// join starts raft.
func (n *Node) join() error {
	if err := n.connect(); err != nil {
		return err
	}
	entries := guardedLog{n.log}
	cached, err := raft.NewLogCache(maxAppend, entries)
	if err != nil {
		return fmt.Errorf("make cache of the log: %w", err)
	}
	config := n.o.raftConfig()
	known, err := raft.HasExistingState(entries, n.log, n.checkpoints)
	if err != nil {
		return fmt.Errorf("look for a cell: %w", err)
	}
	if n.o.Bootstrap && !known {
		if err := raft.BootstrapCluster(config, entries, n.log, n.checkpoints, n.transport, n.o.members()); err != nil {
			return fmt.Errorf("make cell %s: %w", n.o.CellID, err)
		}
	}
	if n.raft, err = raft.NewRaft(config, machine{n}, cached, n.log, n.checkpoints, n.transport); err != nil {
		return fmt.Errorf("start raft: %w", err)
	}
	return nil
}

// connect makes the transport: over the given stream, the given one, or none but to itself.
func (n *Node) connect() error {
	switch {
	case n.o.Transport != nil:
		n.transport = n.o.Transport
	case n.o.Stream != nil:
		n.transport = raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
			Stream: n.o.Stream, MaxPool: 4, Timeout: rpcTimeout, Logger: bridge{log: n.o.Log},
		})
	default:
		address, alone := raft.NewInmemTransport(raft.ServerAddress(n.o.Address))
		alone.Connect(address, alone)
		n.transport = alone
	}
	return nil
}

// fail stops the node for good. It is called by whatever cannot keep its promise any more.
func (n *Node) fail(err error) {
	n.stop.Do(func() {
		n.cause = err
		close(n.stopped)
		if !errors.Is(err, errClosed) {
			n.o.Log.Error("node stopped", "cell", n.o.CellID, "node", n.o.NodeID, "err", err)
		}
	})
}

// failed is why the node stopped, nil while it did not.
func (n *Node) failed() error {
	select {
	case <-n.stopped:
		return n.cause
	default:
		return nil
	}
}

// Close ends the node and waits for Run to return. The store stays open: it is its opener's.
func (n *Node) Close() error { return n.closing() }

func (n *Node) free() error {
	n.fail(errClosed)
	if n.running.Load() {
		<-n.finished
	}
	err := n.halted()
	if n.transport != nil {
		if t, ok := n.transport.(raft.WithClose); ok {
			err = errors.Join(err, t.Close())
		}
	}
	if n.metrics != nil {
		n.metrics.unregister(n.o.Metrics)
	}
	if n.log != nil {
		err = errors.Join(err, n.log.Close())
	}
	if n.codec != nil {
		err = errors.Join(err, n.codec.close())
	}
	return err
}

// halt takes nothing in any more, answers what waits, and ends raft.
func (n *Node) halt() error {
	n.intake.Lock()
	n.closed = true
	n.intake.Unlock()
	for waiting := true; waiting; {
		select {
		case p := <-n.queue:
			n.queued.Add(-int64(len(p.command)))
			p.answer(outcome{err: ErrStopped})
		default:
			waiting = false
		}
	}
	n.rounds.end(ErrStopped)
	if n.raft == nil {
		return nil
	}
	if err := n.raft.Shutdown().Error(); err != nil {
		return fmt.Errorf("stop raft: %w", err)
	}
	return nil
}

// Store is the state that this node applies to.
func (n *Node) Store() *store.DB { return n.o.Store }

// inspect opens a received state, to see that it is whole and this cell's, and answers how far it is.
func (n *Node) inspect(dir string) (uint64, error) {
	db, err := store.Open(store.Options{Dir: dir, FS: n.o.FS, CellID: n.o.CellID, ReadOnly: true, Cache: 1 << 20, Log: n.o.Log})
	if err != nil {
		return 0, fmt.Errorf("look into received checkpoint: %w", err)
	}
	index, _ := db.Applied()
	return index, db.Close()
}

// kept notes which checkpoints there are, and lets the log go that none of them needs.
func (n *Node) kept(oldest, _ checkpointMeta, count int) {
	if count >= keptCheckpoints {
		n.log.keep(oldest.Raft.Index + 1)
	}
}
