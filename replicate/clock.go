package replicate

import (
	"sync"
	"time"
)

// slack is how much faster than the leader's monotonic clock cell time may go from one entry to the
// next: a wall clock that was set right again is caught up with in steps, one that jumps far ahead
// does not take every expiry with it at once.
const slack = 10 * time.Second

// clock says which time the next entry carries. Cell time never goes back; an entry moves it at most
// by what passed here since the last entry was applied, plus slack; a new leader's first entry takes
// its wall clock.
type clock struct {
	wall func() time.Time

	mu    sync.Mutex
	cell  time.Time // guarded by mu; time of the newest applied entry
	since time.Time // guarded by mu; when we applied it, for its monotonic reading
	term  uint64    // guarded by mu; of that entry
	txn   time.Time // guarded by mu; when we last applied a transaction, or began
}

// applied notes the newest entry that changed the state.
func (c *clock) applied(cell time.Time, term uint64, txn bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cell.After(c.cell) {
		c.cell = cell
	}
	c.term, c.since = term, time.Now()
	if txn {
		c.txn = c.since
	}
}

// next is the time of an entry proposed now, by the leader of term.
func (c *clock) next(term uint64) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.wall()
	if c.term == term {
		if limit := c.cell.Add(time.Since(c.since) + slack); t.After(limit) {
			t = limit
		}
	}
	if t.Before(c.cell) {
		t = c.cell
	}
	return t.Truncate(time.Microsecond).UTC()
}

// idle is how long ago the newest entry was applied.
func (c *clock) idle() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.since)
}

// sinceTxn is how long ago a transaction was applied, or this node opened.
func (c *clock) sinceTxn() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.txn)
}
