package api

import (
	"testing"
	"time"

	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// TestHeaderIsWaitedFor: a workspace whose home is here and whose header is
// not yet is 503 after a moment, and served as soon as it is.
func TestHeaderIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, _ := w.global.owned("ann")
	ws := record.NewGenerator().Next(time.Now())
	w.global.mirror(record.Home, ws, directory.Home{ID: ws, Region: directory.Global, Epoch: 1})
	w.global.mirror(record.Workspace, ws, directory.Workspace{ID: ws, Name: "Soon", Plan: directory.Pro, OwnerID: ann.ID, Status: directory.WorkspaceActive})
	owner := directory.Owner
	id := directory.MembershipID(ann.ID, ws)
	w.global.mirror(record.Membership, id, directory.Membership{ID: id, PersonID: ann.ID, WorkspaceID: ws, Status: directory.Active, Role: &owner})

	o := w.global.handler.(*Server).Options
	o.Ready, o.Metrics = 50*time.Millisecond, nil
	impatient := *w.global
	impatient.handler = New(o)
	path := "/api/v1/workspaces/" + ws.String()
	a := impatient.call(ann, "GET", path, "").is(503, 5030)
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if list := w.global.call(ann, "GET", "/api/v1/workspaces", "").is(200, 0).list(); len(list) != 2 || list[0]["state"] != "preparing" {
		t.Errorf("list: %v", list)
	}
	waiting := make(chan answer, 1)
	go func() { waiting <- w.global.call(ann, "GET", path, "") }()
	w.global.cell.Create(t, ws)
	(<-waiting).is(200, 0)
}

// mirror puts a record of the region's mirror.
func (r *region) mirror(kind record.Kind, id record.ID, doc any) {
	r.tb.Helper()
	r.put(record.RegionID, kind, id, encoded(r.tb, doc))
}

// TestSweepRemovesOldKeys: a day after, and not before.
func TestSweepRemovesOldKeys(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, key := range []string{"a", "b"} {
		d.send("POST", d.base+"/time-entries", `{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z"}`, "Idempotency-Key", key).is(201, 0)
	}
	kept := func() uint64 {
		t.Helper()
		if err := d.service.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		v := d.cell.Store().View()
		defer v.Close()
		h, err := v.Header(d.ws)
		if err != nil {
			t.Fatal(err)
		}
		return h.Counts[record.Idempotency]
	}
	if n := kept(); n != 2 {
		t.Errorf("%d kept, want 2", n)
	}
	tomorrow := time.Now().Add(25 * time.Hour)
	d.now.Store(&tomorrow)
	if n := kept(); n != 0 {
		t.Errorf("%d kept, want none", n)
	}
}

// TestCellErrorsAreTold: what the cell may say, and what a client is told.
func TestCellErrorsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.global.handler.(*Server)
	for _, row := range sentinels() {
		p := s.problem(row.err)
		if p.Status != row.problem.Status || p.Code != row.problem.Code || p.Message == "" {
			t.Errorf("%v: %d/%d", row.err, p.Status, p.Code)
		}
		if p.Status == 503 && p.Retry == 0 {
			t.Errorf("%v: 503 without Retry-After", row.err)
		}
	}
	if p := s.problem(store.ErrCorrupt); p.Status != 500 || p.Code != 5000 {
		t.Errorf("unknown: %d/%d", p.Status, p.Code)
	}
}
