package replicate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
	"golang.org/x/sync/errgroup"

	"domicile/store"
)

const (
	// upkeepEvery is how often bounds are looked at.
	upkeepEvery = time.Second
	// tickAfter is how long an idle leader lets cell time stand still.
	tickAfter = time.Minute
	// tickFor is how long after the last transaction something of it can expire: its token.
	tickFor = time.Hour + 2*tickAfter
)

// Run works until ctx ends or the node stops, and answers why it stopped; nil when it was asked to.
// What was taken in is finished first, then leadership handed to another node, then raft ended.
// It is called once.
func (n *Node) Run(ctx context.Context) error {
	if !n.running.CompareAndSwap(false, true) {
		return fmt.Errorf("run node %s: it runs already", n.o.NodeID)
	}
	defer close(n.finished)
	n.work(ctx)
	n.handOver()
	err := n.halted()
	if cause := n.failed(); cause != nil && !errors.Is(cause, errClosed) {
		return fmt.Errorf("node %s: %w", n.o.NodeID, cause)
	}
	return err
}

// work runs everything that works on its own, until ctx ends or the node stops.
func (n *Node) work(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, _ := errgroup.WithContext(ctx)
	proposing, stopProposing := context.WithCancel(context.Background())
	defer stopProposing()
	for range n.o.Proposers {
		g.Go(func() error { return n.propose(proposing) })
	}
	g.Go(func() error { return n.confirm(ctx) })
	g.Go(func() error { return n.lead(ctx) })
	g.Go(func() error { return n.upkeep(ctx) })
	g.Go(func() error { n.campaign(); return nil })
	select {
	case <-ctx.Done():
	case <-n.stopped:
	}
	n.intake.Lock()
	n.closed = true
	n.intake.Unlock()
	stopProposing()
	cancel()
	n.rounds.end(ErrStopped)
	_ = g.Wait() // none of them returns an error: what goes wrong is told by fail
}

// campaign makes the only member of a cell its leader at once: nobody else could be, and nobody's
// word need be waited for.
func (n *Node) campaign() {
	servers, err := n.servers()
	if err != nil || len(servers) != 1 || servers[0].ID != raft.ServerID(n.o.NodeID) || n.raft.State() != raft.Follower {
		return
	}
	self := servers[0]
	request := &raft.TimeoutNowRequest{RPCHeader: raft.RPCHeader{
		ProtocolVersion: raft.ProtocolVersionMax,
		ID:              n.transport.EncodePeer(self.ID, self.Address), Addr: n.transport.EncodePeer(self.ID, self.Address),
	}}
	if err := n.transport.TimeoutNow(self.ID, self.Address, request, &raft.TimeoutNowResponse{}); err != nil {
		n.o.Log.Debug("waited for an election", "cell", n.o.CellID, "node", n.o.NodeID, "err", err)
	}
}

// lead makes this node serve when it has become the leader: after an entry of its own term.
func (n *Node) lead(ctx context.Context) error {
	for {
		var leader bool
		select {
		case <-ctx.Done():
			return nil
		case leader = <-n.raft.LeaderCh():
		}
		term := n.raft.CurrentTerm()
		if !leader {
			n.o.Log.Info("leadership lost", "cell", n.o.CellID, "node", n.o.NodeID, "term", term)
			n.changed.tell()
			continue
		}
		if err := n.raft.Barrier(enqueueTimeout).Error(); err != nil {
			n.o.Log.Debug("leadership lost before it began", "cell", n.o.CellID, "node", n.o.NodeID, "term", term, "err", err)
			continue
		}
		if err := n.clockFits(ctx); err != nil {
			n.o.Log.Error("leadership refused", "cell", n.o.CellID, "node", n.o.NodeID, "term", term, "err", err)
			n.handOver()
			continue
		}
		n.o.Log.Info("leadership began", "cell", n.o.CellID, "node", n.o.NodeID, "term", term)
		n.serving.Store(term)
		n.changed.tell()
	}
}

// upkeep makes checkpoints, trims the log, and lets cell time go on.
func (n *Node) upkeep(ctx context.Context) error {
	ticker := time.NewTicker(upkeepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if n.checkpointDue() {
			if err := n.checkpoint(); err != nil && n.failed() == nil {
				n.o.Log.Error("checkpoint not made", "cell", n.o.CellID, "node", n.o.NodeID, "err", err)
			}
		}
		if err := n.log.trimAll(); err != nil && n.failed() == nil {
			n.o.Log.Error("log not trimmed", "cell", n.o.CellID, "node", n.o.NodeID, "err", err)
		}
		if n.tickDue() {
			if _, err := n.Submit(ctx, store.Command{Tick: &store.Tick{}}); err != nil {
				n.o.Log.Debug("cell time stood still", "cell", n.o.CellID, "node", n.o.NodeID, "err", err)
			}
		}
	}
}

// checkpoint asks raft for one; raft asks the state machine, and the sink makes it.
func (n *Node) checkpoint() error {
	began := time.Now()
	if err := n.raft.Snapshot().Error(); err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return fmt.Errorf("make checkpoint: %w", err)
	}
	n.metrics.checkpointed(time.Since(began))
	return nil
}

// checkpointDue says that much was written since the newest checkpoint, or that entries grow old which
// only two further checkpoints let go.
func (n *Node) checkpointDue() bool {
	newest, _ := n.checkpoints.newest()
	if n.log.bytesSince(newest.Raft.Index) >= n.o.SnapshotBytes {
		return true
	}
	oldest, ok := n.log.oldest()
	half := n.o.LogAge / 2
	return ok && n.o.Now().Sub(oldest) > half && n.o.Now().Sub(newest.At) > half/2
}

func (n *Node) tickDue() bool {
	return n.raft.State() == raft.Leader && n.serves() && n.clock.idle() >= tickAfter && n.clock.sinceTxn() < tickFor
}

// handOver gives leadership to another node, if there is one.
func (n *Node) handOver() {
	if err := n.failed(); err != nil && !errors.Is(err, errClosed) {
		return // raft may not answer any more; the others will notice
	}
	servers, err := n.servers()
	if err != nil || len(servers) < 2 || n.raft.State() != raft.Leader {
		return
	}
	if err := n.raft.LeadershipTransfer().Error(); err != nil {
		n.o.Log.Warn("leadership not handed over", "cell", n.o.CellID, "node", n.o.NodeID, "err", err)
	}
}

// TransferLeadership makes another member the leader, if this node is it.
func (n *Node) TransferLeadership(context.Context) error {
	if err := n.raft.LeadershipTransfer().Error(); err != nil {
		return fmt.Errorf("transfer leadership: %w", err)
	}
	return nil
}

func (n *Node) servers() ([]raft.Server, error) {
	f := n.raft.GetConfiguration()
	if err := f.Error(); err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	return f.Configuration().Servers, nil
}
