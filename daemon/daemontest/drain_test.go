package daemontest_test

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"domicile/daemon/daemontest"
)

func TestT4SigtermLosesNoAnsweredWrite(t *testing.T) {
	t.Parallel()
	d := daemontest.StartDev(t)
	ann := d.Person("Ann Drained")
	workspace := d.Workspace(ann, "PRO", "global")
	w := startWriters(t, d.Network, ann, "global", workspace, 16)
	for range 2 {
		more := w.answered.Load() + 200
		daemontest.Until(t, "answers", w.has(more))
		if code := d.Stop(); code != 0 {
			t.Errorf("dev ended with code %d under load", code)
		}
		verifyStores(t, d.Network)
		d.Start()
	}
	w.stop()
	for _, wrong := range w.differences(w.list(ann)) {
		t.Error(wrong)
	}
}

// TestT4SecondSignalEndsAtOnce has a request under way that would hold the first signal up.
func TestT4SecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	d := daemontest.StartDev(t)
	ann := d.Person("Ann Slow")
	workspace := d.Workspace(ann, "PRO", "global")
	body := newSlowBody(`{"start":"2026-03-02T09:00:00Z",`)
	defer body.end()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.Place("global").API+"/workspaces/"+workspace+"/time-entries", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", ann.Key("global"))
	r.Header.Set("Content-Type", "application/json")
	// The body is asked for by whoever handles the request: once it has begun, the request is under way.
	r.Header.Set("Expect", "100-continue")
	transport := &http.Transport{ExpectContinueTimeout: time.Hour}
	defer transport.CloseIdleConnections()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if a, err := transport.RoundTrip(r); err == nil {
			_ = a.Body.Close()
		}
	}()
	<-body.begun
	d.Signal(syscall.SIGTERM)
	daemontest.Until(t, "closed doors", func() error {
		if _, err := d.Call(t.Context(), "eu", daemontest.Request{Path: "/regions"}); err == nil {
			return errStillOpen
		}
		return nil
	})
	if !d.Running() {
		t.Error("the process did not wait for the request")
	}
	// The first may still be on its way through the process: as people do, we insist.
	daemontest.Until(t, "the end", func() error {
		d.Signal(syscall.SIGTERM)
		if d.Running() {
			return errNotYet
		}
		return nil
	})
	if code := d.Wait(); code != -1 {
		t.Errorf("exit code %d after a second signal, want the signal's", code)
	}
	body.end()
	<-ended
}
