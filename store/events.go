package store

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// events counts what Pebble reports.
type events struct {
	stalls, slow, corrupt, background atomic.Uint64
	stalledSince                      atomic.Int64 // nanoseconds; 0 while writes flow
	complained                        atomic.Int64 // nanoseconds; when background errors were last logged
}

// complainEvery is how often background errors are logged at most.
const complainEvery = 10 * time.Second

// listener counts and logs. Damaged data stops the store: what is read from it
// could be wrong, and its replicas have it right.
func (e *events) listener(log *slog.Logger, fail func(error)) *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: func(err error) {
			// Pebble tries again at once, hundreds of times a second.
			failures := e.background.Add(1)
			now := time.Now().UnixNano()
			if last := e.complained.Load(); now-last > int64(complainEvery) && e.complained.CompareAndSwap(last, now) {
				log.Warn("store background work failed", "err", err.Error(), "failures", failures)
			}
		},
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			e.corrupt.Add(1)
			fail(fmt.Errorf("%w: %s: %w", ErrCorrupt, info.Path, info.Details))
		},
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) {
			e.stalls.Add(1)
			e.stalledSince.Store(time.Now().UnixNano())
			log.Warn("store writes stalled", "reason", info.Reason)
		},
		WriteStallEnd: func() {
			e.stalledSince.Store(0)
			log.Info("store writes went on")
		},
	}
}

// diskSlow is told of operations of the disk that take long.
func (e *events) diskSlow(log *slog.Logger) func(vfs.DiskSlowInfo) {
	return func(info vfs.DiskSlowInfo) {
		e.slow.Add(1)
		log.Warn("disk was slow", "operation", info.OpType.String(), "took", info.Duration)
	}
}

// logger is Pebble's: its information is dropped, its errors are logged.
type logger struct{ d *DB }

func (l logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	l.d.o.Log.Warn("store engine reported an error", "err", fmt.Sprintf(format, args...))
}

// Fatalf must not return, because Pebble goes on as if what failed had not; and
// it must not end the process, which may hold other daemons. So it fails the
// store and parks the goroutine, for as long as the process lives.
func (l logger) Fatalf(format string, args ...any) {
	err := engineError{text: "store engine: " + fmt.Sprintf(format, args...)}
	for _, arg := range args {
		if cause, ok := arg.(error); ok {
			err.cause = cause
		}
	}
	l.d.fail(err)
	l.d.park.Do(func() { close(l.d.parked) })
	select {}
}

// engineError is what the engine said when it could not go on.
type engineError struct {
	text  string
	cause error
}

func (e engineError) Error() string { return e.text }

func (e engineError) Unwrap() error { return e.cause }
