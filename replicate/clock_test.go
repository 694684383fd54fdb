package replicate

import (
	"testing"
	"testing/synctest"
	"time"
)

// P9: cell time never goes back, and jumps ahead by slack at most.
func TestP9CellTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wall := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
		began := wall
		c := &clock{wall: func() time.Time { return wall }}
		c.applied(began.Add(-time.Hour), 4, false)
		if got := c.next(5); !got.Equal(wall) {
			t.Errorf("a new leader's first entry is at %v, not its wall clock's %v", got, wall)
		}
		c.applied(wall, 5, true)
		wall = began.Add(24 * time.Hour)
		time.Sleep(3 * time.Second)
		if got, want := c.next(5), began.Add(3*time.Second+slack); !got.Equal(want) {
			t.Errorf("after a jump ahead: %v, not %v", got, want)
		}
		wall = began.Add(-24 * time.Hour)
		if got := c.next(5); !got.Equal(began) {
			t.Errorf("after a jump back: %v, not %v", got, began)
		}
		if got := c.next(6); !got.Equal(began) {
			t.Errorf("a new leader whose clock is behind: %v, not %v", got, began)
		}
		if c.sinceTxn() != 3*time.Second || c.idle() != 3*time.Second {
			t.Errorf("idle for %v, without a transaction for %v", c.idle(), c.sinceTxn())
		}
	})
}
