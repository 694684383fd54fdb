package daemon

import (
	"context"
	"errors"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"domicile/daemon/directory"
)

func TestD4FaultEndsOneDaemonOnly(t *testing.T) {
	t.Parallel()
	l, err := LayOutDev(shortTemp(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	daemons, err := openDev(t.Context(), l, DevOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(map[string]chan error)
	for _, d := range daemons {
		done := make(chan error, 1)
		ended[d.config.Region] = done
		go func() { done <- d.Run(ctx) }()
	}
	for _, d := range daemons {
		wait, stop := context.WithTimeout(ctx, time.Minute)
		if err := d.WaitReady(wait); err != nil {
			t.Errorf("region %s: %v", d.config.Region, err)
		}
		stop()
	}
	fault := errors.New("the disk is on fire")
	daemons[2].fail(fault)
	if err := <-ended[string(directory.EU)]; !errors.Is(err, fault) {
		t.Errorf("eu ended with %v, want the fault", err)
	}
	for _, d := range daemons {
		if d.config.Region == string(directory.EU) {
			continue
		}
		res, err := http.Get("http://" + d.config.Public.Listen + "/api/v1/regions")
		if err != nil {
			t.Errorf("region %s: %v", d.config.Region, err)
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("region %s answers %d", d.config.Region, res.StatusCode)
		}
	}
	cancel()
	for region, done := range ended {
		if region == string(directory.EU) {
			continue
		}
		if err := <-done; err != nil {
			t.Errorf("region %s ended with %v", region, err)
		}
	}
}

func TestPartsThatHangAfterAFaultAreLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // its clock runs ahead when all wait
		ctx, cancel := context.WithCancelCause(t.Context())
		fault := errors.New("fatal")
		cancel(fault)
		d := &Daemon{}
		release := make(chan struct{})
		defer close(release)
		if err := d.end(ctx, func() error { <-release; return nil }); !errors.Is(err, fault) {
			t.Errorf("end = %v, want the fault", err)
		}
	})
}

// shortTemp is a directory whose path leaves room for a unix socket's, which the system bounds.
func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "d") // t.TempDir has the test's name in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
