package store_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"domicile/store"
	"domicile/store/record"
	"domicile/store/storetest"
)

// workload is a log of entries with writes, refusals, drops and raised floors.
func workload(r *rand.Rand, n int) []store.Entry {
	now := time.Unix(1_700_000_000, 0)
	ws := []record.ID{{1}, {2}}
	var entries []store.Entry
	add := func(commands ...store.Command) {
		now = now.Add(time.Duration(r.IntN(120)) * time.Second)
		entries = append(entries, store.Entry{Index: uint64(len(entries) + 1), Term: 1, Time: now, Commands: commands})
	}
	epochs := []store.Epoch{1, 1}
	for i := range ws {
		add(store.Command{Create: &store.Create{Workspace: ws[i], Epoch: 1, Incarnation: 1}})
	}
	padding := strings.Repeat("x", 1000)
	for len(entries) < n {
		var commands []store.Command
		for range 1 + r.IntN(4) {
			w := r.IntN(len(ws))
			switch r.IntN(30) {
			case 0:
				commands = append(commands,
					store.Command{Change: &store.HeaderChange{Workspace: ws[w], Op: store.OpDrop, Reason: store.Deletion, Epoch: epochs[w]}},
					store.Command{Create: &store.Create{Workspace: ws[w], Epoch: epochs[w] + 1, Incarnation: 2}})
				epochs[w]++
			case 1:
				commands = append(commands, store.Command{RaiseFloor: &store.RaiseFloor{Workspace: ws[w], Epoch: epochs[w], Floor: store.Revision(r.IntN(40))}})
			default:
				txn := &store.Txn{Workspace: ws[w], Epoch: epochs[w], Token: store.Token{byte(r.IntN(256)), byte(r.IntN(8))}}
				for k := range 3 {
					key := record.Key{Kind: record.Project, ID: record.ID{11: byte(1 + k*20 + r.IntN(20))}}
					if r.IntN(4) == 0 {
						txn.Deletes = append(txn.Deletes, key)
					} else {
						txn.Puts = append(txn.Puts, store.Put{Key: key, Doc: fmt.Appendf(nil, `{"clientId":"","name":"n%d","note":"%s"}`, r.IntN(30), padding[:r.IntN(1000)])})
					}
				}
				commands = append(commands, store.Command{Txn: txn})
			}
		}
		add(commands...)
	}
	return entries
}

// S5: a store that crashed anywhere, and applies again what the log has after
// its applied index, is the store that never crashed. The log gives it entries
// that it has applied before, too, and in other batches.
func TestS5CrashedStoreCatchesUp(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			entries := workload(r, 100)
			want := make([]string, len(entries)+1)
			whole := openMem(t, vfs.NewMem())
			defer whole.Close()
			want[0] = storetest.Dump(t, whole)
			for i := range entries {
				if _, err := whole.Apply(entries[i : i+1]); err != nil {
					t.Fatal(err)
				}
				want[i+1] = storetest.Dump(t, whole)
			}

			fs := vfs.NewCrashableMem()
			db := openMem(t, fs)
			for at := 0; at < len(entries); {
				next := min(len(entries), at+1+r.IntN(4))
				if _, err := db.Apply(entries[max(0, at-r.IntN(3)):next]); err != nil {
					t.Fatal(err)
				}
				at = next
				if r.IntN(8) == 0 {
					if err := db.Flush(); err != nil {
						t.Fatal(err)
					}
				}
				if r.IntN(6) > 0 {
					continue
				}
				crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				fs = crashed
				db = openMem(t, fs)
				index, _ := db.Applied()
				t.Log(at, index)
				if diff := cmp.Diff(want[index], storetest.Dump(t, db)); diff != "" {
					t.Fatalf("after a crash at %d the store is at %d, and is not what it was there:\n%s", at, index, diff)
				}
				at = min(at, int(index))
			}
			if diff := cmp.Diff(want[len(entries)], storetest.Dump(t, db)); diff != "" {
				t.Errorf("the store that crashed differs in the end:\n%s", diff)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A checkpoint opens as a store at the applied index of its making or after it.
func TestCheckpointIsAStore(t *testing.T) {
	t.Parallel()
	fs := vfs.NewMem()
	db := openMem(t, fs)
	defer db.Close()
	entries := workload(rand.New(rand.NewPCG(7, 7)), 40)
	if _, err := db.Apply(entries[:30]); err != nil {
		t.Fatal(err)
	}
	want := storetest.Dump(t, db)
	if err := db.Checkpoint("checkpoint"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Apply(entries[30:]); err != nil {
		t.Fatal(err)
	}
	copied, err := store.Open(store.Options{Dir: "checkpoint", FS: fs, CellID: "cell", ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if diff := cmp.Diff(want, storetest.Dump(t, copied)); diff != "" {
		t.Errorf("the checkpoint differs:\n%s", diff)
	}
	if _, err := copied.Apply(entries[30:]); err == nil {
		t.Error("a read-only store applies entries")
	}
	if err := db.Checkpoint("checkpoint"); err == nil {
		t.Error("a checkpoint is written over another")
	}
}
