package replicate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
	"google.golang.org/protobuf/proto"

	"domicile/replicate/entrypb"
	"domicile/store"
)

// network is what connects the nodes of one process: raft's messages and ours.
type network struct {
	mu    sync.Mutex
	trans map[raft.ServerAddress]*raft.InmemTransport // guarded by mu
	nodes map[raft.ServerAddress]*Node                // guarded by mu
	off   map[raft.ServerAddress]time.Duration        // guarded by mu; of their clocks
}

func (w *network) Call(ctx context.Context, to raft.ServerAddress, request []byte) ([]byte, error) {
	w.mu.Lock()
	n, off := w.nodes[to], w.off[to]
	w.mu.Unlock()
	if n == nil {
		return nil, fmt.Errorf("call %s: it is away", to)
	}
	b, err := n.Answer(ctx, request)
	var reply entrypb.Reply
	if off == 0 || err != nil || proto.Unmarshal(b, &reply) != nil || reply.GetTime() == 0 {
		return b, err
	}
	reply.Time += off.Microseconds()
	return proto.Marshal(&reply)
}

// slow puts a node's answers about time off.
func (w *network) slow(address raft.ServerAddress, by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off[address] = by
}

func (w *network) join(address raft.ServerAddress) *raft.InmemTransport {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, t := raft.NewInmemTransportWithTimeout(address, 2*time.Second)
	for a, other := range w.trans {
		t.Connect(a, other)
		other.Connect(address, t)
	}
	w.trans[address] = t
	return t
}

func (w *network) leave(address raft.ServerAddress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.trans, address)
	delete(w.nodes, address)
	for _, other := range w.trans {
		other.Disconnect(address)
	}
}

// trio is a cell of three nodes.
type trio struct {
	net  *network
	fs   vfs.FS
	rigs map[string]*rig
}

func startTrio(t *testing.T, change ...func(*Options)) *trio {
	t.Helper()
	c := &trio{
		net: &network{trans: map[raft.ServerAddress]*raft.InmemTransport{}, nodes: map[raft.ServerAddress]*Node{}, off: map[raft.ServerAddress]time.Duration{}},
		fs:  vfs.NewMem(), rigs: map[string]*rig{},
	}
	for _, id := range []string{"n1", "n2", "n3"} {
		c.up(t, id, change...)
	}
	t.Cleanup(func() {
		for id := range c.rigs {
			c.down(t, id)
		}
	})
	return c
}

func (c *trio) up(t *testing.T, id string, change ...func(*Options)) *rig {
	t.Helper()
	trans := c.net.join(raft.ServerAddress(id))
	r, err := boot(c.fs, "/"+id, append(change, func(o *Options) {
		o.NodeID, o.Transport, o.Peers = id, trans, c.net
		o.Members = []Member{{"n1", "n1"}, {"n2", "n2"}, {"n3", "n3"}}
		o.Heartbeat, o.Election = 200*time.Millisecond, 200*time.Millisecond
		o.Patience = 30 * time.Second
	})...)
	if err != nil {
		t.Fatal(err)
	}
	c.net.mu.Lock()
	c.net.nodes[raft.ServerAddress(id)] = r.node
	c.net.mu.Unlock()
	c.rigs[id] = r
	return r
}

func (c *trio) down(t *testing.T, id string) {
	t.Helper()
	r := c.rigs[id]
	delete(c.rigs, id)
	c.net.leave(raft.ServerAddress(id))
	r.stop()
	ran := <-r.done
	if errors.Is(ran, ErrReopen) { // it received a checkpoint on its way down
		ran = nil
	}
	if err := errors.Join(ran, r.node.Close(), r.db.Close()); err != nil {
		t.Errorf("stop %s: %v", id, err)
	}
}

// leader waits for a node that serves.
func (c *trio) leader(t *testing.T) string {
	t.Helper()
	ctx := within(t)
	for {
		for id, r := range c.rigs {
			if r.node.raft.State() == raft.Leader && r.node.Ready(ctx) == nil {
				return id
			}
		}
		select {
		case <-ctx.Done():
			t.Fatal("no leader")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// settle waits until every node has applied what the leader has, and compares them. Nodes that received a
// checkpoint meanwhile are opened again, as their process would.
func (c *trio) settle(t *testing.T, change ...func(*Options)) {
	t.Helper()
	ctx := within(t)
	index := c.rigs[c.leader(t)].node.appliedIndex()
	var want store.Header
	for _, id := range slices.Sorted(maps.Keys(c.rigs)) {
		r := c.rigs[id]
		for r.node.appliedIndex() < index {
			if ctx.Err() != nil {
				t.Fatalf("%s is at %d, not %d", id, r.node.appliedIndex(), index)
			}
			if r.node.failed() != nil {
				r = c.reopen(t, id, change...)
			}
			time.Sleep(time.Millisecond)
		}
		v := r.node.Local()
		h, err := v.Header(acme)
		if err != nil {
			t.Fatal(err)
		}
		if want.Revision == 0 {
			want = h
		}
		if h.StateDigest != want.StateDigest || h.Revision != want.Revision {
			t.Errorf("%s differs", id)
		}
		verify(t, v)
		closeView(t, v)
	}
}

// Any node takes writes and linearizable reads; a leader that goes takes nothing acknowledged with it.
func TestThreeNodesReplicateAndFailOver(t *testing.T) {
	t.Parallel()
	c := startTrio(t)
	first := c.leader(t)
	create(t, c.rigs[first].node)
	next := 0
	everyNodeWritesAndReads(t, c, &next)
	c.settle(t)
	c.down(t, first)
	if second := c.leader(t); second == first {
		t.Fatal("the leader that went still leads")
	}
	everyNodeWritesAndReads(t, c, &next)
	c.up(t, first)
	everyNodeWritesAndReads(t, c, &next)
	c.settle(t)
}

func everyNodeWritesAndReads(t *testing.T, c *trio, next *int) {
	t.Helper()
	for id, r := range c.rigs {
		for range 5 {
			if _, err := r.node.Submit(within(t), put(*next, "")); err != nil {
				t.Fatalf("write to %s: %v", id, err)
			}
			for reader, other := range c.rigs {
				v, err := other.node.View(within(t))
				if err != nil {
					t.Fatalf("read from %s: %v", reader, err)
				}
				for i := range *next + 1 {
					if !has(t, v, i) {
						t.Errorf("%s does not show record %d", reader, i)
					}
				}
				closeView(t, v)
			}
			*next++
		}
		if _, err := r.node.Submit(within(t), only(0)); !errors.Is(err, store.ErrConflict) {
			t.Errorf("a refusal through %s: %v", id, err)
		}
		var conflict *store.Conflict
		if _, err := r.node.Submit(within(t), only(0)); !errors.As(err, &conflict) || conflict.Key != tag(0) {
			t.Errorf("a conflict through %s does not name its record: %v", id, err)
		}
	}
}

// P3: writes go on while leadership moves about, and each is applied once.
func TestP3WritesWhileLeadershipMoves(t *testing.T) {
	t.Parallel()
	c := startTrio(t)
	create(t, c.rigs[c.leader(t)].node)
	ctx, stop := context.WithCancel(within(t))
	var wg sync.WaitGroup
	for w, id := range []string{"n1", "n2", "n3"} {
		n := c.rigs[id].node
		wg.Go(func() {
			for i := range 40 {
				// The record must be absent: were it applied twice, the second would be a conflict.
				if _, err := n.Submit(ctx, only(w*1000+i)); err != nil {
					t.Errorf("write %d through %s: %v", i, id, err)
				}
			}
		})
	}
	var moving sync.WaitGroup
	moving.Go(func() {
		for ctx.Err() == nil {
			for _, r := range c.rigs {
				if r.node.raft.State() == raft.Leader && r.node.serves() {
					_ = r.node.TransferLeadership(ctx)
				}
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	wg.Wait()
	stop()
	moving.Wait()
	c.settle(t)
	v := c.rigs["n1"].node.Local()
	defer closeView(t, v)
	for w := range 3 {
		for i := range 40 {
			if !has(t, v, w*1000+i) {
				t.Errorf("write %d of %d is lost", i, w)
			}
		}
	}
}

// A follower that was away longer than the log reaches gets a checkpoint, and goes on after it was
// opened again.
func TestFollowerFarBehindGetsCheckpoint(t *testing.T) {
	t.Parallel()
	c := startTrio(t, small)
	leader := c.leader(t)
	create(t, c.rigs[leader].node)
	away := "n1"
	if leader == away {
		away = "n2"
	}
	c.down(t, away)
	note := `,"note":"` + string(bytes.Repeat([]byte("z"), 3000)) + `"`
	for round := range 3 {
		for i := range 30 {
			if _, err := c.rigs[leader].node.Submit(within(t), put(round*30+i, note)); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.rigs[leader].node.checkpoint(); err != nil {
			t.Fatal(err)
		}
	}
	if first, _ := c.rigs[leader].node.log.ends(); first < 30 {
		t.Fatalf("the leader's log still starts at %d", first)
	}
	if reopened := c.catchUp(t, away, small); reopened == 0 {
		t.Error("the follower got no checkpoint")
	}
	c.settle(t, small)
	for { // it may have to be opened again just now
		_, err := c.rigs[away].node.Submit(within(t), put(1000, ""))
		if err == nil {
			break
		}
		if !errors.Is(err, ErrReopen) && c.rigs[away].node.failed() == nil {
			t.Fatal(err)
		}
		c.reopen(t, away, small)
	}
	c.settle(t, small)
	c.down(t, away) // and once more from its own files
	c.catchUp(t, away, small)
	c.settle(t, small)
}

// received takes down a node that stopped because it received a checkpoint, and for nothing else.
func (c *trio) received(t *testing.T, id string) {
	t.Helper()
	r := c.rigs[id]
	if err := <-r.done; !errors.Is(err, ErrReopen) {
		t.Fatalf("%s stopped: %v", id, err)
	}
	r.done <- nil
	c.down(t, id)
}

// reopen opens such a node again.
func (c *trio) reopen(t *testing.T, id string, change ...func(*Options)) *rig {
	t.Helper()
	c.received(t, id)
	return c.up(t, id, change...)
}

// catchUp starts a node, again as often as it received a checkpoint, until it has what the leader has.
func (c *trio) catchUp(t *testing.T, id string, change ...func(*Options)) (reopened int) {
	t.Helper()
	ctx := within(t)
	for {
		index := c.rigs[c.leader(t)].node.appliedIndex()
		r := c.up(t, id, change...)
		for r.node.failed() == nil && r.node.appliedIndex() < index {
			if ctx.Err() != nil {
				t.Fatalf("%s is at %d, not %d", id, r.node.appliedIndex(), index)
			}
			time.Sleep(time.Millisecond)
		}
		if r.node.failed() == nil {
			return reopened
		}
		c.received(t, id)
		if reopened++; reopened == 1 { // meanwhile the cell goes on, and has a newer one
			leader := c.rigs[c.leader(t)].node
			if _, err := leader.Submit(ctx, put(2000, "")); err != nil {
				t.Fatal(err)
			}
			if err := leader.checkpoint(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A follower with nobody to ask names the leader.
func TestFollowerNamesTheLeader(t *testing.T) {
	t.Parallel()
	c := startTrio(t)
	leader := c.leader(t)
	for id, r := range c.rigs {
		if id == leader {
			continue
		}
		if err := r.node.Ready(within(t)); err != nil {
			t.Fatal(err)
		}
		r.node.o.Peers = nil
		_, err := r.node.Submit(within(t), put(1, ""))
		var not *NotLeader
		if !errors.Is(err, ErrNotLeader) || !errors.As(err, &not) || not.Leader != leader {
			t.Errorf("submit to %s: %v", id, err)
		}
		if _, err := r.node.View(within(t)); !errors.Is(err, ErrNotLeader) {
			t.Errorf("view of %s: %v", id, err)
		}
	}
}

// A leader whose clock is far ahead of the others' does not serve.
func TestLeaderWithWrongClockIsRefused(t *testing.T) {
	t.Parallel()
	c := startTrio(t)
	n := c.rigs[c.leader(t)].node
	if err := n.clockFits(within(t)); err != nil {
		t.Errorf("a clock like the others': %v", err)
	}
	for id, r := range c.rigs { // which is to say: the others' are behind
		if r.node != n {
			c.net.slow(raft.ServerAddress(id), -maxSkew-time.Minute)
		}
	}
	if err := n.clockFits(within(t)); err == nil {
		t.Error("a clock six minutes ahead was not refused")
	}
}

func FuzzAnswer(f *testing.F) {
	r, err := boot(vfs.NewMem(), "/n1")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := r.close(); err != nil {
			f.Error(err)
		}
	})
	f.Add([]byte{})
	f.Add([]byte{0x0a, 0x02, 0x2a, 0x00}) // submit a tick
	f.Add([]byte{0x12, 0x00})             // read index
	f.Add([]byte{0x1a, 0x00})             // clock
	f.Fuzz(func(t *testing.T, request []byte) {
		_, _ = r.node.Answer(t.Context(), request)
		if err := r.node.failed(); err != nil {
			t.Errorf("a request stopped the node: %v", err)
		}
	})
}
