package replicate

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/hashicorp/raft"

	"domicile/store"
)

// P5: a committed entry that is not what was written stops the node, which says why, and whose files
// stay as they are.
func TestP5DamagedEntryStopsTheNode(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(entry []byte) []byte{
		"changed":      func(entry []byte) []byte { entry[len(entry)-1] ^= 1; return entry },
		"empty":        func([]byte) []byte { return nil },
		"not protobuf": func([]byte) []byte { return sealed(formatPlain, 3, []byte{0xff, 0xff, 0xff}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fs := vfs.NewMem()
			r, err := boot(fs, "/n1")
			if err != nil {
				t.Fatal(err)
			}
			create(t, r.node)
			entry := damage(r.node.codec.encode(time.UnixMicro(1), encodeAll(t, []store.Command{put(1, "")})))
			if err, ok := applyRaw(r.node, entry).(error); !ok || err == nil {
				t.Error("the proposer was not told")
			}
			err = <-r.done
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, errMalformed) {
				t.Errorf("the node stopped with %v", err)
			}
			if _, err := r.node.Submit(context.Background(), put(2, "")); !errors.Is(err, ErrStopped) {
				t.Errorf("submit afterwards: %v", err)
			}
			r.done <- nil
			if err := r.close(); err != nil {
				t.Error(err)
			}
			r, err = boot(fs, "/n1")
			if err != nil {
				t.Fatal(err)
			}
			if err := <-r.done; err == nil {
				t.Error("the node went on over the entry after a restart")
			}
			r.done <- nil
			if err := r.close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func applyRaw(n *Node, entry []byte) any {
	for {
		f := n.raft.ApplyLog(raft.Log{Data: entry}, time.Second)
		if err := f.Error(); !errors.Is(err, raft.ErrNotLeader) {
			return f.Response()
		}
	}
}

// P10: a disk that does not sync, or is full, stops the node: by an error, not by the end of the process.
func TestP10FailingDiskStopsTheNode(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		kinds []errorfs.OpKind
		err   error
	}{
		"sync":  {[]errorfs.OpKind{errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo}, syscall.EIO},
		"write": {[]errorfs.OpKind{errorfs.OpFileWrite}, syscall.ENOSPC},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mem := vfs.NewMem()
			var on atomic.Bool
			fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if !on.Load() || !strings.Contains(op.Path, "/"+raftDir+"/") {
					return nil
				}
				for _, kind := range fault.kinds {
					if op.Kind == kind {
						return fault.err
					}
				}
				return nil
			}))
			r, err := boot(fs, "/n1")
			if err != nil {
				t.Fatal(err)
			}
			create(t, r.node)
			on.Store(true)
			if _, err := r.node.Submit(within(t), put(1, "")); err == nil {
				t.Error("a write was acknowledged that is not on the disk")
			} else if !errors.Is(err, ErrUnknownOutcome) && !errors.Is(err, ErrStopped) {
				t.Errorf("submit: %v", err)
			}
			if err := <-r.done; err == nil {
				t.Error("the node did not stop")
			}
			r.done <- nil
			_ = r.close()
			on.Store(false)
			r, err = boot(mem, "/n1") // a restart on a sound disk
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.node.Submit(within(t), put(2, "")); err != nil {
				t.Error(err)
			}
			if err := r.close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// No contents reach the logs, even when an entry is damaged.
func TestLogsHoldNoContents(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r, err := boot(vfs.NewMem(), "/n1", func(o *Options) { o.Log = log })
	if err != nil {
		t.Fatal(err)
	}
	create(t, r.node)
	const canary = "canary7f3a"
	if _, err := r.node.Submit(within(t), put(1, `,"note":"`+canary+`"`)); err != nil {
		t.Fatal(err)
	}
	if err := r.node.checkpoint(); err != nil {
		t.Fatal(err)
	}
	_ = applyRaw(r.node, []byte(canary))
	if err := <-r.done; err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("the node stopped with %v", err)
	}
	r.done <- nil
	_ = r.close()
	if logs.Len() == 0 || strings.Contains(logs.String(), canary) {
		t.Errorf("logs of %d bytes hold contents: %v", logs.Len(), strings.Contains(logs.String(), canary))
	}
}
