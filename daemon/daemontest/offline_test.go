package daemontest_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"domicile/daemon/daemontest"
	"domicile/replicate"
	"domicile/store"
	"domicile/store/record"
)

// put writes records into a workspace whose region does not run, by the region's own log: for kinds that no
// route writes.
func put(t *testing.T, at daemontest.Place, workspace string, puts ...store.Put) {
	t.Helper()
	ws, err := record.ParseID(workspace)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(at.Data, "node.json"))
	if err != nil {
		t.Fatal(err)
	}
	var marker struct{ Node, CellID string }
	if err := json.Unmarshal(raw, &marker); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(store.Options{Dir: filepath.Join(at.Data, "store"), CellID: marker.CellID})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { check(t, db.Close()) }()
	node, err := replicate.Open(replicate.Options{Store: db, Dir: at.Data, CellID: marker.CellID, NodeID: marker.Node})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { check(t, node.Close()) }()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- node.Run(ctx) }()
	defer func() {
		stop()
		check(t, <-ended)
	}()
	if err := node.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	v := node.Local()
	h, err := v.Header(ws)
	check(t, errors.Join(err, v.Close()))
	if _, err := node.Submit(ctx, store.Command{Txn: &store.Txn{Workspace: ws, Epoch: h.Epoch, Puts: puts}}); err != nil {
		t.Fatalf("put records: %v", err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
