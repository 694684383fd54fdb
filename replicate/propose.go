package replicate

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/raft"

	"domicile/store"
)

// maxPacked is how many commands one entry holds at most; more only adds latency.
const maxPacked = 64

// propose packs what waits into entries, one at a time, until ctx ends and nothing waits any more.
// Several proposers work at once: while one waits for its entry the next gathers.
func (n *Node) propose(ctx context.Context) error {
	var held *proposal
	for {
		var batch []*proposal
		if batch, held = n.gather(ctx, held); batch == nil {
			return nil
		}
		n.commit(batch)
	}
}

// gather takes what waits, at most an entry's worth, and waits only for the first. A proposal that
// does not fit any more is held for the next entry.
func (n *Node) gather(ctx context.Context, held *proposal) (batch []*proposal, next *proposal) {
	size := 0
	take := func(p *proposal) (full bool) {
		if size > 0 && size+len(p.command) > maxEntry {
			next = p
			return true
		}
		n.queued.Add(-int64(len(p.command)))
		if p.state.CompareAndSwap(waiting, taken) {
			batch = append(batch, p)
			size += len(p.command)
		}
		return len(batch) == maxPacked
	}
	if held != nil {
		take(held)
	}
	for len(batch) == 0 {
		select {
		case p := <-n.queue:
			take(p)
		case <-ctx.Done():
			select {
			case p := <-n.queue: // what was taken in is finished
				take(p)
			default:
				return nil, nil
			}
		}
	}
	for {
		select {
		case p := <-n.queue:
			if take(p) {
				return batch, next
			}
		default:
			return batch, nil
		}
	}
}

// commit proposes one entry and gives each of its commands its own result.
func (n *Node) commit(batch []*proposal) {
	commands := make([][]byte, len(batch))
	for i, p := range batch {
		commands[i] = p.command
	}
	results, err := n.proposeEntry(commands)
	if err == nil && len(results) != len(batch) {
		err = fmt.Errorf("%w: %d results for %d commands", errUnanswered, len(results), len(batch))
	}
	for i, p := range batch {
		o := outcome{err: err}
		if err == nil {
			o.result = results[i]
		}
		p.answer(o)
	}
	n.metrics.proposed(len(batch), err)
}

func (n *Node) proposeEntry(commands [][]byte) ([]store.Result, error) {
	if err := n.failed(); err != nil && !errors.Is(err, errClosed) {
		return nil, n.whyStopped()
	}
	entry := n.codec.encode(n.clock.next(n.raft.CurrentTerm()), commands)
	future := n.raft.ApplyLog(raft.Log{Data: entry}, enqueueTimeout)
	switch err := future.Error(); {
	case err == nil:
	case again(err) || lost(err):
		return nil, err
	default:
		return nil, fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
	switch response := future.Response().(type) {
	case []store.Result:
		return response, nil
	case error: // committed, but this node cannot apply it
		return nil, fmt.Errorf("%w: %w", ErrUnknownOutcome, response)
	}
	return nil, fmt.Errorf("%w: the entry has no results", ErrUnknownOutcome)
}
