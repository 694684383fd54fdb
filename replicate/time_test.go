package replicate

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// While a transaction's token can expire, cell time goes on by itself; then an idle cell writes nothing.
func TestIdleLeaderTicks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := boot(vfs.NewMem(), "/n1")
		if err != nil {
			t.Fatal(err)
		}
		create(t, r.node)
		if _, err := r.node.Submit(t.Context(), put(1, "")); err != nil {
			t.Fatal(err)
		}
		before := r.db.CellTime()
		time.Sleep(30 * time.Minute)
		if passed := r.db.CellTime().Sub(before); passed < 28*time.Minute || passed > 30*time.Minute+slack {
			t.Errorf("cell time went on by %v in 30 minutes", passed)
		}
		time.Sleep(time.Hour)
		index := r.node.appliedIndex()
		time.Sleep(2 * time.Hour)
		if now := r.node.appliedIndex(); now != index {
			t.Errorf("%d entries were written by a cell with nothing to do", now-index)
		}
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
}

// P8: what is older than a day is gone from the log of a quiet cell too.
func TestP8OldEntriesGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := boot(vfs.NewMem(), "/n1")
		if err != nil {
			t.Fatal(err)
		}
		create(t, r.node)
		if _, err := r.node.Submit(t.Context(), put(1, "")); err != nil {
			t.Fatal(err)
		}
		_, last := r.node.log.ends()
		for hour := range 25 {
			if _, err := r.node.Submit(t.Context(), put(hour, "")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
		if first, _ := r.node.log.ends(); first <= last {
			t.Errorf("the log starts at %d: it still has the entry %d of 25 hours ago", first, last)
		}
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
}
