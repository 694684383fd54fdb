package replicate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"domicile/store"
)

// View answers the state as it is after every command that was acknowledged, anywhere in the cell,
// before View was called. Close it soon: it pins what it shows.
func (n *Node) View(ctx context.Context) (*store.View, error) {
	began := time.Now()
	for {
		seen := n.changed.next()
		view, err := n.view(ctx)
		if err == nil {
			n.metrics.read(time.Since(began))
			return view, nil
		}
		if !again(err) && !lost(err) {
			return nil, fmt.Errorf("view: %w", err)
		}
		if time.Since(began) > n.o.Patience {
			return nil, fmt.Errorf("view: %w", n.notLeader(errNoLeader))
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("view: %w", ctx.Err())
		case <-n.stopped:
			return nil, fmt.Errorf("view: %w", n.whyStopped())
		case <-seen:
		case <-time.After(retryAfter):
		}
	}
}

func (n *Node) view(ctx context.Context) (*store.View, error) {
	if err := n.failed(); err != nil {
		return nil, n.whyStopped()
	}
	if n.raft.State() != raft.Leader {
		return n.followerView(ctx)
	}
	if !n.serves() {
		return nil, errNoLeader
	}
	view := n.o.Store.View() // first, so that leadership is confirmed for a time after it
	if err := n.rounds.wait(ctx); err != nil {
		return nil, errors.Join(err, view.Close())
	}
	return view, nil
}

// serves says that this leader has applied an entry of its own term: only then has it applied all
// that leaders before it acknowledged.
func (n *Node) serves() bool { return n.serving.Load() == n.raft.CurrentTerm() }

// followerView waits until this node has applied what the leader had when it was asked.
func (n *Node) followerView(ctx context.Context) (*store.View, error) {
	index, err := n.askIndex(ctx)
	if err != nil {
		return nil, err
	}
	for {
		seen := n.changed.next()
		if n.appliedIndex() >= index {
			return n.o.Store.View(), nil
		}
		select {
		case <-seen:
		case <-n.stopped:
			return nil, n.whyStopped()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// readIndex is the index that a node must have applied to show what was acknowledged until now.
func (n *Node) readIndex(ctx context.Context) (uint64, error) {
	if n.raft.State() != raft.Leader || !n.serves() {
		return 0, errNoLeader
	}
	index := n.appliedIndex()
	return index, n.rounds.wait(ctx)
}

// Local is the state as far as this node has applied it. It can be old, without end: a node that is
// cut off does not know it. It is for indexes and operators' tools.
func (n *Node) Local() *store.View { return n.o.Store.View() }

// confirm answers rounds of reads until ctx ends.
func (n *Node) confirm(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-n.rounds.wake:
		}
		waiting := n.rounds.take()
		if len(waiting) == 0 {
			continue
		}
		err := n.verify(ctx)
		n.metrics.confirmed(len(waiting))
		for _, answer := range waiting {
			answer <- err
		}
	}
}

// verify asks raft whether this node still leads. Raft never answers when its main loop has ended, so
// it is asked from a goroutine that may be left behind when the node stops.
func (n *Node) verify(ctx context.Context) error {
	answer := make(chan error, 1)
	go func() { answer <- n.raft.VerifyLeader().Error() }()
	select {
	case err := <-answer:
		return err
	case <-n.stopped:
		return n.whyStopped()
	case <-ctx.Done():
		return ErrStopped
	}
}
