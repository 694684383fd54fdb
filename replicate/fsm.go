package replicate

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/raft"

	"domicile/store"
)

// machine is raft's state machine: it hands what was committed to the store and nothing more.
type machine struct{ n *Node }

var _ raft.BatchingFSM = machine{}

// ApplyBatch applies entries in order, all in one batch of the store. Entries at or below the store's
// applied index were applied before a restart; they are skipped. An entry that cannot be read, and a
// store that cannot apply, stop the node: the response is then an error.
func (m machine) ApplyBatch(logs []*raft.Log) []any {
	responses := make([]any, len(logs))
	if err := m.apply(logs, responses); err != nil {
		m.n.fail(err)
		for i := range responses {
			responses[i] = fmt.Errorf("apply entry %d: %w", logs[i].Index, err)
		}
	}
	return responses
}

func (m machine) apply(logs []*raft.Log, responses []any) error {
	if err := m.n.failed(); err != nil && !errors.Is(err, errClosed) {
		return err
	}
	began := time.Now()
	applied, _ := m.n.o.Store.Applied()
	entries := make([]store.Entry, 0, len(logs))
	for _, log := range logs {
		if log.Index <= applied {
			continue
		}
		entry := store.Entry{Index: log.Index, Term: log.Term}
		if log.Type == raft.LogCommand { // else a change of the cell's members: it moves the index only
			var err error
			if entry.Time, entry.Commands, err = m.n.codec.decode(log.Data); err != nil {
				return fmt.Errorf("read entry %d: %w", log.Index, err)
			}
		}
		entries = append(entries, entry)
	}
	if len(entries) == 0 {
		return nil
	}
	results, err := m.n.o.Store.Apply(entries)
	if err != nil {
		return fmt.Errorf("apply entries %d to %d: %w", entries[0].Index, entries[len(entries)-1].Index, err)
	}
	for i := range results {
		responses[len(logs)-len(entries)+i] = results[i]
	}
	last := entries[len(entries)-1]
	m.n.clock.applied(m.n.o.Store.CellTime(), last.Term, anyTxn(entries))
	m.n.changed.tell()
	m.n.metrics.applied(entries, time.Since(began))
	return nil
}

// Apply applies one entry.
func (m machine) Apply(log *raft.Log) any { return m.ApplyBatch([]*raft.Log{log})[0] }

// Snapshot costs nothing: the checkpoint is made by Persist, beside Apply, of a state that is at the
// snapshot's index or past it. A node that failed to apply has nothing to announce.
func (m machine) Snapshot() (raft.FSMSnapshot, error) {
	if err := m.n.failed(); err != nil {
		return nil, err
	}
	return pending{}, nil
}

// Restore is called when a checkpoint of the leader was received. A store is not exchanged under those
// who use it: the checkpoint is marked, and the node stops, to be opened again after Install.
//
// A leader that did not hear of it sends the checkpoint again after that: then the state is there.
func (m machine) Restore(r io.ReadCloser) error {
	newest, ok := m.n.checkpoints.newest()
	if applied := m.n.appliedIndex(); ok && applied >= newest.Applied && m.n.raft.AppliedIndex() <= newest.Raft.Index {
		return r.Close()
	}
	err := m.n.checkpoints.order()
	if err == nil {
		err = ErrReopen
	}
	m.n.fail(err)
	return errors.Join(err, r.Close())
}

// pending is a snapshot that was begun.
type pending struct{}

// Persist makes the checkpoint.
func (pending) Persist(to raft.SnapshotSink) error {
	s, ok := to.(*sink)
	if !ok {
		return fmt.Errorf("make checkpoint: raft gave a %T", to)
	}
	if err := s.take(); err != nil {
		return err
	}
	return s.Close()
}

// Release has nothing to free.
func (pending) Release() {}

func anyTxn(entries []store.Entry) bool {
	for i := range entries {
		for j := range entries[i].Commands {
			if entries[i].Commands[j].Txn != nil {
				return true
			}
		}
	}
	return false
}
