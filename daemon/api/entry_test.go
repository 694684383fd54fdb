package api

import (
	"testing"
)

func TestEntryIsRecordedAndRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ws := w.global.owned("ann")
	base := "/api/v1/workspaces/" + ws.String()
	made := w.global.call(ann, "POST", base+"/time-entries", `{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:30:05Z","description":"plans <b>"}`).is(201, 0).object()
	read := w.global.call(ann, "GET", base+"/time-entries/"+made["id"].(string), "").is(200, 0)
	t.Logf("%s", read.body)
}
