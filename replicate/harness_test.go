package replicate

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"domicile/store"
	"domicile/store/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a running node on a file system of its own.
type rig struct {
	fs   vfs.FS
	dir  string
	db   *store.DB
	node *Node
	done chan error // what Run answered
	stop context.CancelFunc
}

// boot opens a one-node cell on a file system and runs it.
func boot(fs vfs.FS, dir string, change ...func(*Options)) (*rig, error) {
	r := &rig{fs: fs, dir: dir, done: make(chan error, 1)}
	if _, err := Install(fs, dir); err != nil {
		return nil, err
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := syncDir(fs, fs.PathDir(dir)); err != nil {
		return nil, err
	}
	var err error
	so := store.Options{Dir: fs.PathJoin(dir, storeDir), FS: fs, CellID: "cell", Cache: 8 << 20, MemTable: 1 << 20}
	if fs == vfs.Default {
		so.Cache, so.MemTable = 0, 0 // as a daemon has it
	}
	if r.db, err = store.Open(so); err != nil {
		return nil, err
	}
	o := Options{Store: r.db, Dir: dir, FS: fs, CellID: "cell", NodeID: "n1", Bootstrap: true}
	for _, c := range change {
		c(&o)
	}
	if r.node, err = Open(o); err != nil {
		return nil, errors.Join(err, r.db.Close())
	}
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	go func() { r.done <- r.node.Run(ctx) }()
	return r, nil
}

func (r *rig) close() error {
	r.stop()
	return errors.Join(<-r.done, r.node.Close(), r.db.Close())
}

// start boots a node that ends with the test.
func start(t testing.TB, fs vfs.FS, change ...func(*Options)) *rig {
	t.Helper()
	r, err := boot(fs, "/n1", change...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute) // a hang, not a slow machine, is what it ends
	t.Cleanup(cancel)
	return ctx
}

var acme = record.DeriveID("workspace", "acme")

func create(t testing.TB, n *Node) {
	t.Helper()
	if _, err := n.Submit(within(t), store.Command{Create: &store.Create{Workspace: acme, Epoch: 1, Incarnation: 7}}); err != nil {
		t.Fatal(err)
	}
}

func tag(i int) record.Key {
	return record.Key{Kind: record.Tag, ID: record.DeriveID("tag", fmt.Sprint(i))}
}

// put writes tag i; its name tells tags apart, so that a unique index is kept too.
func put(i int, rest string) store.Command {
	doc := fmt.Appendf(nil, `{"id":%q,"name":"tag %d","archived":false%s}`, tag(i).ID, i, rest)
	return store.Command{Txn: &store.Txn{Workspace: acme, Epoch: 1, Puts: []store.Put{{Key: tag(i), Doc: doc}}}}
}

// only writes tag i if it is not there.
func only(i int) store.Command {
	c := put(i, "")
	c.Txn.If = []store.Condition{store.Absent(tag(i))}
	return c
}

// verify recomputes what the store says about the workspace.
func verify(t testing.TB, v *store.View) {
	t.Helper()
	if err := v.Verify(context.Background(), acme); err != nil {
		t.Error(err)
	}
}

func has(t testing.TB, v *store.View, i int) bool {
	t.Helper()
	_, err := v.Get(acme, record.Tag, tag(i).ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func closeView(t testing.TB, v *store.View) {
	t.Helper()
	if err := v.Close(); err != nil {
		t.Error(err)
	}
}
