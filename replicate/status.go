package replicate

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// Status is what a node knows about itself and its cell.
type Status struct {
	Cell, Node    string
	State         string // follower, candidate, leader or stopped
	Leader        string // node id; empty when none is known
	LeaderAddress string
	Term          uint64
	Applied       uint64 // by the store
	Commit        uint64 // known to be on a majority
	FirstIndex    uint64 // of the log
	LastIndex     uint64
	LogBytes      int64
	Checkpoint    uint64 // index of the newest
	Waiting       int    // submissions
	Members       []Member
	Ready         bool
}

// Status answers at once.
func (n *Node) Status() Status {
	first, last := n.log.ends()
	address, id := n.raft.LeaderWithID()
	newest, _ := n.checkpoints.newest()
	s := Status{
		Cell: n.o.CellID, Node: n.o.NodeID, Leader: string(id), LeaderAddress: string(address),
		Term: n.raft.CurrentTerm(), Applied: n.appliedIndex(), Commit: n.raft.CommitIndex(),
		FirstIndex: first, LastIndex: last, LogBytes: n.log.bytes(), Checkpoint: newest.Raft.Index,
		Waiting: len(n.queue), Ready: n.ready() == nil, State: n.stateName(),
	}
	if f := n.raft.GetConfiguration(); f.Error() == nil {
		for _, server := range f.Configuration().Servers {
			s.Members = append(s.Members, Member{NodeID: string(server.ID), Address: string(server.Address)})
		}
	}
	return s
}

func (n *Node) stateName() string {
	if n.failed() != nil {
		return "stopped"
	}
	switch n.raft.State() {
	case raft.Leader:
		return "leader"
	case raft.Candidate:
		return "candidate"
	case raft.Shutdown:
		return "stopped"
	}
	return "follower"
}

// Ready waits until the node can serve: a leader is known, which has applied an entry of its own term
// if it is this node. When ctx has ended it answers why the node cannot, at once.
func (n *Node) Ready(ctx context.Context) error {
	for {
		seen := n.changed.next()
		err := n.ready()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-n.stopped:
			return n.whyStopped()
		case <-seen:
		case <-time.After(retryMost):
		}
	}
}

func (n *Node) ready() error {
	address, _ := n.raft.LeaderWithID()
	switch {
	case n.failed() != nil:
		return n.whyStopped()
	case address == "":
		return errNoLeader
	case n.raft.State() == raft.Leader && !n.serves():
		return fmt.Errorf("leadership has just begun: %w", errNoLeader)
	}
	return nil
}
