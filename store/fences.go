package store

import (
	"fmt"

	"domicile/store/record"
)

// Next returns the header after a change, or the refusal. It is the table of
// states at work and nothing else: it does not look at records.
func (h Header) Next(c HeaderChange) (Header, error) {
	next, _, err := h.next(&c)
	return next, err
}

func (h Header) next(c *HeaderChange) (Header, effect, error) {
	if err := c.check(); err != nil {
		return h, 0, err
	}
	cl := h.claim(c)
	row := find(c.Op, cl, h.State)
	if row == nil {
		return h, 0, fmt.Errorf("%s (%s) of a workspace that is %s: %w", c.Op, cl, h.State, h.refusal(c, cl))
	}
	h.State = row.to
	h.follow(row.effects, c)
	return h, row.effects, nil
}

// check refuses a change that makes no sense, whatever the header is.
func (c *HeaderChange) check() error {
	bad := func(what string) error { return fmt.Errorf("%s without %s: %w", c.Op, what, ErrInvalid) }
	if c.Workspace.IsZero() {
		return bad("a workspace")
	}
	switch c.Op {
	case OpCreate, OpRestore:
		if c.Epoch == 0 {
			return bad("an epoch")
		}
		if c.Incarnation == 0 {
			return bad("an incarnation")
		}
		return nil
	case OpConfirm:
		return nil
	case OpDrop:
		if c.Reason > Elsewhere {
			return bad("a known reason")
		}
		if c.Reason != ByTransfer {
			return nil
		}
	case OpLock, OpUnlock:
		if !c.Revert.IsZero() {
			if c.T != (T{}) {
				return fmt.Errorf("%s by both a transfer and a revert: %w", c.Op, ErrInvalid)
			}
			return nil
		}
	case OpStage:
		if c.Incarnation == 0 {
			return bad("an incarnation")
		}
	case OpOpen, OpClose, OpActivate, OpRetire:
	default:
		return fmt.Errorf("change of a header by %s: %w", c.Op, ErrInvalid)
	}
	if c.T.Transfer.IsZero() || c.T.Attempt == 0 {
		return bad("a transfer")
	}
	return nil
}

// claim compares what the change names with what the header remembers.
func (h *Header) claim(c *HeaderChange) claim {
	switch {
	case c.Op == OpCreate || c.Op == OpRestore:
		return h.claimMaking(c)
	case c.Op == OpConfirm || c.Op == OpDrop && c.Reason != ByTransfer:
		return h.claimWord(c)
	case !c.Revert.IsZero():
		return h.claimRevert(c)
	default:
		return h.claimT(c)
	}
}

func (h *Header) claimMaking(c *HeaderChange) claim {
	switch {
	case h.State == StateAbsent && c.Epoch > h.Epoch:
		return fresh
	case h.State != StateAbsent && c.Epoch == h.Epoch:
		return held
	}
	return stale
}

func (h *Header) claimWord(c *HeaderChange) claim {
	switch {
	case h.State != StateAbsent && c.Epoch != h.Epoch:
		return unfit
	case c.Op == OpConfirm:
		return here
	case c.Reason == Deletion:
		return ended
	}
	return elsewhere
}

// claimRevert: a revert has no attempt that could be closed. What keeps a late
// lock out is the session counter, which every lock raises.
func (h *Header) claimRevert(c *HeaderChange) claim {
	switch {
	case h.Revert == c.Revert:
		return holding
	case c.Op == OpLock && h.Open == nil && h.Revert.IsZero() && c.Session == h.Session:
		return vacant
	}
	return over
}

func (h *Header) claimT(c *HeaderChange) claim {
	switch {
	case h.Open != nil && *h.Open == c.T:
		return held
	case c.T.Attempt <= h.Attempt && h.ledTo(c):
		return landed
	case c.T.Attempt <= h.Attempt:
		return closed
	case h.Open != nil || !h.Revert.IsZero():
		return busy
	case h.State == StateAbsent && h.Epoch != 0 && c.T.Epoch <= h.Epoch:
		return stale // the tombstone is of the home that the source is, or of a later one
	case h.State != StateAbsent && c.T.Epoch != h.Epoch:
		return stale
	}
	return fresh
}

// ledTo reports whether the epoch is the one that a closed T led to here: the
// next one where it was activated, its own where it was retired.
func (h *Header) ledTo(c *HeaderChange) bool {
	return c.Op == OpActivate && h.Epoch == c.T.Epoch+1 || c.Op == OpRetire && h.Epoch == c.T.Epoch
}

// refusal chooses the error of a change that the table does not list.
func (h *Header) refusal(c *HeaderChange, cl claim) error {
	making := c.Op == OpCreate || c.Op == OpRestore
	switch {
	case making && h.State != StateAbsent:
		return ErrExists
	case h.State == StateAbsent && cl != stale && cl != closed && cl != landed:
		return ErrNotFound
	case h.State == Locked && (c.Op == OpOpen || c.Op == OpLock || c.Op == OpConfirm):
		return ErrLocked
	}
	return ErrFenced
}

// follow does the effects of a row.
func (h *Header) follow(e effect, c *HeaderChange) {
	if e&begin != 0 {
		h.Epoch, h.Incarnation = c.Epoch, c.Incarnation
		if c.Op == OpStage {
			h.Epoch = c.T.Epoch
		}
	}
	if e&remember != 0 {
		if c.Revert.IsZero() {
			t := c.T
			h.Open = &t
		}
		h.Revert = c.Revert
	}
	if e&release != 0 {
		if h.Open != nil {
			h.Attempt = max(h.Attempt, h.Open.Attempt)
		}
		h.Open, h.Revert = nil, record.ID{}
	}
	if e&note != 0 {
		h.Attempt = max(h.Attempt, c.T.Attempt)
	}
	if e&noteEpoch != 0 {
		h.Epoch = max(h.Epoch, c.Epoch)
	}
	if e&endSession != 0 {
		h.Session++
	}
	if e&epochOn != 0 {
		h.Epoch++
	}
	if e&epochBack != 0 && h.Epoch > 0 {
		// The copy was of epoch e, so whatever was here before was of an earlier one.
		h.Epoch--
	}
	if e&erase != 0 {
		*h = Header{
			Workspace: h.Workspace, State: h.State, Epoch: h.Epoch, Attempt: h.Attempt, Session: h.Session,
			Counts: map[record.Kind]uint64{}, KindBytes: map[record.Kind]uint64{},
		}
	}
}

// writable says why a transaction may not be applied, or nil.
func (h *Header) writable(txn *Txn) error {
	switch {
	case h.State == StateAbsent:
		return ErrNotFound
	case h.Epoch != txn.Epoch:
		return ErrFenced
	case h.State == Active && txn.Revert.IsZero():
		return nil
	case h.State == Locked && !h.Revert.IsZero() && txn.Revert == h.Revert:
		return nil
	case h.State == Active:
		return ErrFenced // the revert that it names is over
	case h.State == Staged:
		return ErrNotFound
	case h.State == Retired:
		return ErrFenced
	}
	return ErrLocked
}
