package replicate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"domicile/store"
)

const (
	// A store keeps tokens for an hour and 100,000 entries; past half of either a token that is not
	// found may have been dropped.
	tokenAge     = 30 * time.Minute
	tokenEntries = 50_000

	retryAfter = 5 * time.Millisecond // doubled up to retryMost
	retryMost  = 200 * time.Millisecond
)

// proposal is a command on its way.
type proposal struct {
	command []byte
	state   atomic.Int32 // waiting, then taken or abandoned
	done    chan outcome // one answer, never blocks
}

const (
	waiting int32 = iota
	taken
	abandoned
)

// outcome is what became of a proposal: a result, or why there is none.
type outcome struct {
	result store.Result
	err    error
}

func (p *proposal) answer(o outcome) { p.done <- o }

// Submit commits one command on a majority and applies it, and answers what it came to. It may be
// called on any node of the cell and by any number of callers; what waits together is committed
// together.
//
// An error that wraps a store's refusal is also the result's; nothing was written then. ErrNotLeader,
// ErrOverloaded, ErrTooLarge and ErrStopped say that nothing was written. ErrUnknownOutcome says that
// it may have been, or may yet be: a context that ends while a command is on its way, a leader that
// was lost and not found again. A transaction is submitted again by itself, under one token, while
// its context lasts, and is applied once.
func (n *Node) Submit(ctx context.Context, c store.Command) (store.Result, error) {
	command, repeatable, err := prepare(c)
	if err != nil {
		return store.Result{}, err
	}
	result, err := n.insist(ctx, command, repeatable)
	n.metrics.submitted(result, err)
	if err == nil && result.Err != nil {
		err = fmt.Errorf("apply command: %w", result.Err)
	}
	return result, err
}

// prepare encodes a command, a transaction under a token; those may be submitted again.
func prepare(c store.Command) (command []byte, repeatable bool, err error) {
	if c.Txn != nil {
		txn := *c.Txn
		if txn.Token == (store.Token{}) {
			rand.Read(txn.Token[:]) // never fails
		}
		c.Txn = &txn
		size := 0
		for i := range txn.Puts {
			size += len(txn.Puts[i].Doc)
		}
		if size > store.MaxTxn {
			return nil, false, fmt.Errorf("submit %d bytes of documents: %w", size, ErrTooLarge)
		}
	}
	if command, err = encodeCommand(c); err != nil {
		return nil, false, err
	}
	if len(command) > maxCommand {
		return nil, false, fmt.Errorf("submit a command of %d bytes: %w", len(command), ErrTooLarge)
	}
	return command, c.Txn != nil, nil
}

// insist submits until there is an outcome, as long as that is safe and ctx and patience last.
func (n *Node) insist(ctx context.Context, command []byte, repeatable bool) (store.Result, error) {
	began, first := time.Now(), n.appliedIndex()
	unclear := false // an earlier submission may have been, or may yet be, applied
	pause := retryAfter
	for {
		seen := n.changed.next()
		result, err := n.once(ctx, command)
		switch {
		case err == nil && result.Err != nil && unclear && n.tokenMayBeGone(began, first):
			return store.Result{}, fmt.Errorf("%w: it was refused when submitted again: %w", ErrUnknownOutcome, result.Err)
		case err == nil:
			return result, nil
		case lost(err):
			if unclear = true; !repeatable {
				return store.Result{}, fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
			}
		case !again(err) && !(unclear && errors.Is(err, ErrOverloaded)):
			return store.Result{}, unclearly(unclear, err)
		}
		if time.Since(began) > n.o.Patience {
			return store.Result{}, unclearly(unclear, n.notLeader(err))
		}
		select {
		case <-ctx.Done():
			return store.Result{}, unclearly(unclear, ctx.Err())
		case <-n.stopped:
			return store.Result{}, unclearly(unclear, n.whyStopped())
		case <-seen:
		case <-time.After(pause):
		}
		pause = min(2*pause, retryMost)
	}
}

// unclearly reports an error as an unknown outcome where an earlier submission may count.
func unclearly(unclear bool, err error) error {
	if unclear && !errors.Is(err, ErrUnknownOutcome) {
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
	return err
}

// lost says that an entry may have been committed although its proposer was not told.
func lost(err error) bool {
	return errors.Is(err, raft.ErrLeadershipLost) || errors.Is(err, errUnanswered)
}

// again says that nothing was appended and another try may do.
func again(err error) bool {
	return errors.Is(err, raft.ErrNotLeader) || errors.Is(err, raft.ErrLeadershipTransferInProgress) ||
		errors.Is(err, raft.ErrEnqueueTimeout) || errors.Is(err, errNoLeader)
}

func (n *Node) tokenMayBeGone(began time.Time, first uint64) bool {
	return time.Since(began) > tokenAge || n.appliedIndex() > first+tokenEntries
}

// once submits a command a single time, here or to the leader.
func (n *Node) once(ctx context.Context, command []byte) (store.Result, error) {
	if n.raft.State() == raft.Leader {
		return n.enqueue(ctx, command)
	}
	leader, _ := n.raft.LeaderWithID()
	switch {
	case n.failed() != nil:
		return store.Result{}, n.whyStopped()
	case leader == "" || leader == n.transport.LocalAddr():
		return store.Result{}, errNoLeader
	case n.o.Peers == nil:
		return store.Result{}, n.notLeader(nil)
	}
	return n.forward(ctx, leader, command)
}

// enqueue lets a proposer of this node have the command and waits for its outcome.
func (n *Node) enqueue(ctx context.Context, command []byte) (store.Result, error) {
	p := &proposal{command: command, done: make(chan outcome, 1)}
	if err := n.put(p); err != nil {
		return store.Result{}, err
	}
	select {
	case o := <-p.done:
		return o.result, o.err
	case <-ctx.Done():
		if p.state.CompareAndSwap(waiting, abandoned) {
			return store.Result{}, fmt.Errorf("wait to be proposed: %w", ctx.Err())
		}
	}
	select {
	case o := <-p.done: // it came at the same time
		return o.result, o.err
	default:
		return store.Result{}, fmt.Errorf("%w: %w", ErrUnknownOutcome, ctx.Err())
	}
}

// put adds to the queue, or refuses at once.
func (n *Node) put(p *proposal) error {
	n.intake.RLock()
	defer n.intake.RUnlock()
	if n.closed {
		return n.whyStopped()
	}
	size := int64(len(p.command))
	if n.queued.Add(size) > n.o.QueueBytes {
		n.queued.Add(-size)
		return ErrOverloaded
	}
	select {
	case n.queue <- p:
		return nil
	default:
		n.queued.Add(-size)
		return ErrOverloaded
	}
}

// whyStopped is ErrStopped with its cause.
func (n *Node) whyStopped() error {
	if err := n.failed(); err != nil && !errors.Is(err, errClosed) {
		return fmt.Errorf("%w: %w", ErrStopped, err)
	}
	return ErrStopped
}

// NotLeader says who leads instead, as far as this node knows.
type NotLeader struct {
	Leader  string // node id; empty: none is known
	Address string
}

// Error names the leader.
func (e *NotLeader) Error() string {
	if e.Leader == "" {
		return "the cell has no leader now"
	}
	return "node " + e.Leader + " leads its cell, not this one"
}

// Unwrap returns ErrNotLeader.
func (e *NotLeader) Unwrap() error { return ErrNotLeader }

// notLeader replaces raft's words by ours; other errors stay.
func (n *Node) notLeader(err error) error {
	if err != nil && !again(err) {
		return err
	}
	address, id := n.raft.LeaderWithID()
	return &NotLeader{Leader: string(id), Address: string(address)}
}

func (n *Node) appliedIndex() uint64 {
	index, _ := n.o.Store.Applied()
	return index
}
