package daemontest_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"domicile/daemon/daemontest"
	"domicile/daemon/daemontest/atrest"
	"domicile/store"
	"domicile/store/record"
)

// canary makes one word that occurs nowhere by chance.
func canary(what string) string { return what + strings.ToLower(rand.Text()) }

func TestT3DataIsAtRestInItsRegionOnly(t *testing.T) { // R5, B13
	t.Parallel()
	s := daemontest.StartServers(t)
	ann := s.Person("Ann Resident")
	s.Workspace(ann, "PRO", "global")
	workspace := s.Workspace(ann, "PRO", "eu")
	path, key := "/workspaces/"+workspace, ann.Key("eu")
	make := func(path string, body map[string]any) daemontest.Answer {
		return s.Must("eu", http.StatusCreated, daemontest.Request{Method: http.MethodPost, Path: path, Key: key, Body: body})
	}
	client, project, tag, task := canary("client"), canary("project"), canary("tag"), canary("task")
	description, replaced, deleted := canary("description"), canary("replaced"), canary("deleted")
	clientID := make(path+"/clients", map[string]any{"name": client}).Get("id").String()
	projectID := make(path+"/projects", map[string]any{"name": project, "clientId": clientID}).Get("id").String()
	make(path+"/projects/"+projectID+"/tasks", map[string]any{"name": task})
	tagID := make(path+"/tags", map[string]any{"name": tag}).Get("id").String()
	entry := func(text string) map[string]any {
		return map[string]any{
			"start": "2026-03-02T09:00:00Z", "end": "2026-03-02T10:00:00Z", "description": text, "projectId": projectID, "tagIds": []string{tagID},
		}
	}
	make(path+"/time-entries", entry("about "+description))
	one := path + "/time-entries/" + make(path+"/time-entries", entry(replaced)).Get("id").String()
	s.Must("eu", http.StatusOK, daemontest.Request{Method: http.MethodPut, Path: one, Key: key, Body: entry("nothing")})
	other := path + "/time-entries/" + make(path+"/time-entries", entry(deleted)).Get("id").String()
	s.Must("eu", http.StatusNoContent, daemontest.Request{Method: http.MethodDelete, Path: other, Key: key})

	// What is asked for is kept nowhere, nor is what is sent to the wrong region.
	asked, misdirected := canary("asked"), canary("misdirected")
	q := url.Values{"q": {description + " " + asked}}
	s.Must("eu", http.StatusOK, daemontest.Request{Path: path + "/search", Key: key, Query: q})
	s.Must("eu", http.StatusOK, daemontest.Request{Path: path + "/user/" + ann.ID + "/time-entries", Key: key, Query: url.Values{"description": {asked}}})
	s.Must("eu", http.StatusBadRequest, daemontest.Request{Path: path + "/time-entries/" + asked, Key: key})
	for _, k := range []string{"", key, ann.Key("global")} {
		s.Must("global", http.StatusMisdirectedRequest, daemontest.Request{
			Method: http.MethodPost, Path: path + "/time-entries", Key: k, Body: entry(misdirected), Query: url.Values{"x": {misdirected}},
		})
	}

	// Kinds that have no route yet are regional all the same.
	s.Stop("eu")
	page, note := canary("page"), canary("note")
	bucket, activity, invoice := record.DeriveID("test", "bucket"), record.DeriveID("test", "activity"), record.DeriveID("test", "invoice")
	put(t, s.Place("eu"), workspace,
		store.Put{Key: record.Key{Kind: record.Bucket, ID: bucket}, Doc: fmt.Appendf(nil, `{"id":%q,"userId":%q,"name":"web"}`, bucket, ann.ID)},
		store.Put{Key: record.Key{Kind: record.Activity, ID: activity}, Doc: fmt.Appendf(nil,
			`{"id":%q,"bucketId":%q,"userId":%q,"timestamp":"2026-03-02T09:00:00Z","duration":60,"data":{"url":"https://example.com/%s","title":"a page"}}`, activity, bucket, ann.ID, page)},
		store.Put{Key: record.Key{Kind: record.Invoice, ID: invoice}, Doc: fmt.Appendf(nil, `{"id":%q,"number":"2026-1","note":%q}`, invoice, note)},
	)
	s.Start("eu")
	contents, err := s.Contents("eu", workspace)
	if err != nil {
		t.Fatal(err)
	}
	q = url.Values{"q": {description}, "after-revision": {fmt.Sprint(contents.Revision)}}
	if n := s.Must("eu", http.StatusOK, daemontest.Request{Path: path + "/search", Key: key, Query: q}).Get("total").Int(); n != 1 {
		t.Errorf("search finds %d entries, want 1", n)
	}
	for _, r := range s.Regions() {
		s.Stop(r)
	}

	// Everything that there is, logs of the processes included, is read through the storage libraries.
	kept := []string{client, project, tag, task, description, replaced, deleted, page, note}
	found, err := atrest.Find(s.Dir, append(slices.Clone(kept), asked, misdirected)...)
	if err != nil {
		t.Errorf("read what is at rest: %v", err)
	}
	where := map[string]map[string]bool{}
	for _, f := range found {
		if !strings.HasPrefix(f.Place, "eu/") || f.Text == asked || f.Text == misdirected {
			t.Errorf("found where it must not be: %s", f)
			continue
		}
		if where[f.Text] == nil {
			where[f.Text] = map[string]bool{}
		}
		where[f.Text][strings.Split(f.Place, "/")[1]] = true
		if f.Workspace.String() != workspace && f.Workspace != (record.ID{}) {
			t.Errorf("found in another workspace: %s", f)
		}
	}
	for _, text := range kept {
		for _, part := range []string{"store", "raft"} {
			if !where[text][part] && !(part == "store" && (text == replaced || text == deleted)) { // compaction may have taken those
				t.Errorf("%s is not found in eu's %s: what is looked for elsewhere would not be found either", text, part)
			}
		}
	}
	for _, text := range []string{client, project, tag, task, description} {
		if !where[text]["index"] {
			t.Errorf("%s is not found in eu's index", text)
		}
	}
}
