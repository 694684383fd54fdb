package replicate

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"domicile/store"
)

func TestSubmitIsSeenByView(t *testing.T) {
	t.Parallel()
	r := start(t, vfs.NewMem())
	create(t, r.node)
	result, err := r.node.Submit(within(t), put(1, ""))
	if err != nil || result.Revision != 1 {
		t.Fatalf("submit: %+v, %v", result, err)
	}
	v, err := r.node.View(within(t))
	if err != nil {
		t.Fatal(err)
	}
	defer closeView(t, v)
	if !has(t, v, 1) {
		t.Error("an acknowledged record is not in the view")
	}
	verify(t, v)
}

// P2: each command gets its own result, whatever it was packed with.
func TestP2EachCommandHasItsOwnResult(t *testing.T) {
	t.Parallel()
	r := start(t, vfs.NewMem())
	create(t, r.node)
	const clients, each = 32, 8
	var wg sync.WaitGroup
	wins := make([]int, each)
	var mu sync.Mutex
	for range clients {
		wg.Go(func() {
			for i := range each { // all clients want the same record: one of them gets it
				_, err := r.node.Submit(within(t), only(i))
				switch {
				case err == nil:
					mu.Lock()
					wins[i]++
					mu.Unlock()
				case !errors.Is(err, store.ErrConflict):
					t.Errorf("submit: %v", err)
				}
			}
		})
	}
	wg.Wait()
	for i, n := range wins {
		if n != 1 {
			t.Errorf("record %d was made %d times", i, n)
		}
	}
}

// P3: a refusal is the result's and the error's.
func TestRefusalIsInResultAndError(t *testing.T) {
	t.Parallel()
	r := start(t, vfs.NewMem())
	result, err := r.node.Submit(within(t), put(1, ""))
	if !errors.Is(err, store.ErrNotFound) || !errors.Is(result.Err, store.ErrNotFound) {
		t.Fatalf("submit to a workspace that is not there: %v, %v", result.Err, err)
	}
	if _, err := r.node.Submit(within(t), store.Command{}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("submit nothing: %v", err)
	}
}

func TestSubmitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	r := start(t, vfs.NewMem())
	create(t, r.node)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := r.node.Submit(ctx, put(1, ""))
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("submit: %v", err)
	}
}

func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	fs := vfs.NewMem()
	const restarts, each = 40, 5
	for round := range restarts {
		r, err := boot(fs, "/n1")
		if err != nil {
			t.Fatalf("restart %d: %v", round, err)
		}
		if round == 0 {
			create(t, r.node)
		}
		for i := range each {
			if _, err := r.node.Submit(within(t), put(round*each+i, "")); err != nil {
				t.Fatalf("restart %d: %v", round, err)
			}
		}
		if round%7 == 3 {
			if err := r.node.checkpoint(); err != nil {
				t.Fatal(err)
			}
		}
		v, err := r.node.View(within(t))
		if err != nil {
			t.Fatal(err)
		}
		for i := range (round + 1) * each {
			if !has(t, v, i) {
				t.Errorf("restart %d: record %d is lost", round, i)
			}
		}
		verify(t, v)
		closeView(t, v)
		if err := r.close(); err != nil {
			t.Fatalf("restart %d: %v", round, err)
		}
	}
}
