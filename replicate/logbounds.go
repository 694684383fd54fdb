package replicate

import (
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// logBounds say how much log is kept beyond what the kept checkpoints need.
type logBounds struct {
	bytes int64         // of entries, for followers that come back
	age   time.Duration // of an entry, so that what was deleted is gone from the log too
	now   func() time.Time
}

// stretch is a run of neighbouring entries.
type stretch struct {
	last  uint64    // index of its last entry
	bytes int64     // of its entries together
	from  time.Time // when its first entry was appended
}

// stretchBytes is how finely the log's bytes are known; 64 MiB of log are 256 stretches.
const stretchBytes = 256 << 10

// extent knows where the bytes of a log are without a word per entry.
type extent struct {
	runs  []stretch
	bytes int64
	span  time.Duration // longest of a run; 0: any
}

// add counts an entry that was appended.
func (e *extent) add(index uint64, size int, at time.Time) {
	if n := len(e.runs); n == 0 || e.runs[n-1].bytes+int64(size) > stretchBytes || e.span > 0 && at.Sub(e.runs[n-1].from) > e.span {
		e.runs = append(e.runs, stretch{from: at})
	}
	run := &e.runs[len(e.runs)-1]
	run.last = index
	run.bytes += int64(size)
	e.bytes += int64(size)
}

// dropTo forgets entries up to and including index; a run that it cuts through is counted whole.
func (e *extent) dropTo(index uint64) {
	for len(e.runs) > 0 && e.runs[0].last <= index {
		e.bytes -= e.runs[0].bytes
		e.runs = e.runs[1:]
	}
}

// dropFrom forgets entries from index on; a run that it cuts through is counted whole.
func (e *extent) dropFrom(index uint64) {
	for n := len(e.runs); n > 0; n-- {
		if n == 1 || e.runs[n-2].last+1 < index {
			e.runs[n-1].last = min(e.runs[n-1].last, index-1)
			return
		}
		e.bytes -= e.runs[n-1].bytes
		e.runs = e.runs[:n-1]
	}
}

// since is how many bytes come after index, a run that it cuts through counted whole.
func (e *extent) since(index uint64) int64 {
	var bytes int64
	for n := len(e.runs) - 1; n >= 0 && e.runs[n].last > index; n-- {
		bytes += e.runs[n].bytes
	}
	return bytes
}

// surplus is the last entry that bounds do not want any more, 0 when they want all.
func (e *extent) surplus(b logBounds) uint64 {
	var index uint64
	left := e.bytes
	for _, run := range e.runs {
		old := b.now().Sub(run.from) > b.age // the entry that made the cell has no time: it counts as old
		if left <= b.bytes && !old {
			break
		}
		left -= run.bytes
		index = run.last
	}
	return index
}

// trim deletes entries up to high that neither a kept checkpoint nor the bounds want.
func (l *entryLog) trim(high uint64) error {
	l.mu.RLock()
	first := l.first
	high = min(high, l.extent.surplus(l.o.bounds), l.last-1)
	if l.keepFrom == 0 {
		high = 0
	} else {
		high = min(high, l.keepFrom-1)
	}
	l.mu.RUnlock()
	if first == 0 || high < first {
		return nil
	}
	return l.cut(first, high)
}

// keep says which entry is the first that a kept checkpoint needs to come up to date.
func (l *entryLog) keep(from uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keepFrom = from
}

// bytesSince is about how many bytes of entries come after index.
func (l *entryLog) bytesSince(index uint64) int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.extent.since(index)
}

// bytes is about how many bytes of entries the log holds.
func (l *entryLog) bytes() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.extent.bytes
}

// trimAll deletes all that nobody wants.
func (l *entryLog) trimAll() error {
	l.mu.RLock()
	high := l.keepFrom
	l.mu.RUnlock()
	if high == 0 || l.failed() != nil {
		return nil //nolint:nilerr // a failed log is reported by what failed
	}
	return l.trim(high - 1)
}

// oldest is when the log's oldest entries were appended; false when that is not known.
func (l *entryLog) oldest() (time.Time, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, run := range l.extent.runs {
		if !run.from.IsZero() {
			return run.from, true
		}
	}
	return time.Time{}, false
}

// ends are the first and last entry's index, both 0 when there are none.
func (l *entryLog) ends() (first, last uint64) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.first, l.last
}

// startAfter forgets a log that does not go on from a checkpoint which was received: entries before
// it that a former leader wrote may differ from what the cell agreed on.
func (l *entryLog) startAfter(index, term uint64) error {
	first, last := l.ends()
	if first == 0 || first > index {
		return nil // it was begun after the checkpoint
	}
	if index <= last {
		var entry raft.Log
		if err := l.get(index, &entry); err != nil {
			return fmt.Errorf("compare log with checkpoint: %w", err)
		}
		if entry.Term == term {
			return nil
		}
	}
	return l.cut(first, last)
}
