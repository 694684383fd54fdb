package daemontest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// binary is the command under test, built once and removed by Main: the one thing that the tests of a
// binary share.
var binary struct {
	once sync.Once
	dir  string
	path string
	err  error
}

// Main runs a package's tests, ends with an error if they leave goroutines behind, and removes what Build
// made. TestMain calls it.
func Main(m *testing.M) int {
	code := m.Run()
	if binary.dir != "" {
		_ = os.RemoveAll(binary.dir)
	}
	if code != 0 {
		return code
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "goroutines left behind:", err)
		return 1
	}
	return 0
}

// Build builds cmd/domicile the first time and returns the path of the binary. DOMICILE_TEST_BINARY names
// one that there is.
func Build(t testing.TB) string {
	t.Helper()
	binary.once.Do(func() {
		if binary.path = os.Getenv("DOMICILE_TEST_BINARY"); binary.path != "" {
			return
		}
		if binary.dir, binary.err = os.MkdirTemp("", "domicile-test"); binary.err != nil {
			return
		}
		binary.path = filepath.Join(binary.dir, "domicile")
		build := exec.Command("go", "build", "-buildvcs=false", "-o", binary.path, "domicile/cmd/domicile")
		// The detector watches the test, not the processes: they would be several times slower.
		build.Env = append(os.Environ(), "GOFLAGS="+strings.ReplaceAll(os.Getenv("GOFLAGS"), "-race", ""))
		if out, err := build.CombinedOutput(); err != nil {
			binary.err = fmt.Errorf("build cmd/domicile: %w\n%s", err, out)
		}
	})
	if binary.err != nil {
		t.Fatal(binary.err)
	}
	return binary.path
}
