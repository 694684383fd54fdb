package daemontest

import (
	"testing"
	"time"
)

const (
	patience = 2 * time.Minute // for any condition: a bound for what hangs, not a measure
	pause    = 10 * time.Millisecond
)

// Until asks again and again until try returns nil. When that takes too long, the test ends with the last
// error.
func Until(t testing.TB, what string, try func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s: %v", what, patience, err)
		}
		time.Sleep(pause)
	}
}

func deadline() *time.Timer { return time.NewTimer(patience) }
