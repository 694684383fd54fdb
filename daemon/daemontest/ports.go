package daemontest

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"
)

// Blocks of ports that tests reserve: above those that `dev --port 0` picks, below those that systems lend to
// outgoing connections. A port is nobody else's even while the process that listens on it is killed.
const (
	firstPort = 20000
	blockSize = 16
	blocks    = 700
)

// reserve returns the first port of a block that is this test's until it ends, whatever other tests in
// whatever process do.
func reserve(t testing.TB) int {
	t.Helper()
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("domicile-ports-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range blocks {
		lock := flock.New(filepath.Join(dir, fmt.Sprint(i)))
		if ok, err := lock.TryLock(); err != nil {
			t.Fatal(err)
		} else if !ok {
			continue
		}
		if first := firstPort + i*blockSize; allFree(first) {
			t.Cleanup(func() { _ = lock.Unlock() })
			return first
		}
		_ = lock.Unlock() // somebody who is no test listens there
	}
	t.Fatalf("no %d free ports from %d on", blockSize, firstPort)
	return 0
}

func allFree(first int) bool {
	for port := first; port < first+blockSize; port++ {
		l, err := net.Listen("tcp", loopback(port))
		if err != nil {
			return false
		}
		_ = l.Close()
	}
	return true
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", fmt.Sprint(port)) }

// devPorts has `dev --port 0` on a directory find ports that are reserved, as if it had picked them.
func devPorts(t testing.TB, dir string) {
	t.Helper()
	name := filepath.Join(dir, "ports.json")
	if _, err := os.Stat(name); err == nil {
		return
	}
	first := reserve(t)
	public, internal := map[string]int{}, map[string]int{}
	for i, r := range regions() {
		public[r], internal[r] = first+i, first+len(regions())+i
	}
	raw, err := json.Marshal(map[string]any{"public": public, "internal": internal, "edge": first + 2*len(regions())})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}
