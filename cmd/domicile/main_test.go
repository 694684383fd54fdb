package main

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"domicile/daemon"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"domicile": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// Nothing of the developer's own environment decides a test.
			for _, name := range []string{"DOMICILE_SERVER", "DOMICILE_API_KEY", "DOMICILE_SOCKET", "DOMICILE_PASSWORD"} {
				e.Setenv(name, "")
			}
			// Unix sockets have little room in their paths.
			short, err := os.MkdirTemp("", "d")
			if err != nil {
				return err
			}
			e.Setenv("SHORT", short)
			e.Defer(func() { _ = os.RemoveAll(short) })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   scriptExits,
			"ready":   scriptReady,
			"region":  scriptRegion,
			"field":   scriptField,
			"ports":   scriptPorts,
			"envfile": scriptEnvFile,
		},
	})
}

// scriptExits: exits CODE COMMAND… runs a command that must end with the code.
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// started is how long a background process may take until it serves. It is generous: a loaded machine
// is no failure.
const started = 2 * time.Minute

// scriptReady: ready FILE waits until a file is there and not empty.
func scriptReady(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready FILE")
	}
	name := ts.MkAbs(args[0])
	for end := time.Now().Add(started); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if info, err := os.Stat(name); err == nil && (info.Size() > 0 || info.Mode()&os.ModeSocket != 0) {
			return
		}
	}
	ts.Fatalf("%s did not come", args[0])
}

// scriptRegion: region NAME DIR sets SERVER, SOCKET and KEY (of the first person who has one there) from DIR/dev.json.
func scriptRegion(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: region NAME DIR")
	}
	raw, err := os.ReadFile(filepath.Join(ts.MkAbs(args[1]), "dev.json"))
	ts.Check(err)
	var file daemon.DevFile
	ts.Check(json.Unmarshal(raw, &file))
	r, ok := file.Regions[args[0]]
	if !ok {
		ts.Fatalf("dev.json has no region %s", args[0])
	}
	ts.Setenv("SERVER", r.URL)
	ts.Setenv("SOCKET", r.Socket)
	ts.Setenv("KEY", "")
	for _, u := range file.Users {
		if k := u.Keys[args[0]]; k != "" {
			ts.Setenv("KEY", k)
			return
		}
	}
}

// scriptField: field VARIABLE NAME… sets a variable to a field of the JSON that the last command printed.
func scriptField(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: field VARIABLE NAME…")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for _, name := range args[1:] {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			ts.Check(err)
			if i >= len(in) {
				ts.Fatalf("the list has %d elements", len(in))
			}
			v = in[i]
		}
	}
	switch v := v.(type) {
	case string:
		ts.Setenv(args[0], v)
	case float64:
		ts.Setenv(args[0], strconv.FormatFloat(v, 'f', -1, 64))
	default:
		ts.Fatalf("%v is %v", args[1:], v)
	}
}

// Ports for processes that this package's scripts start: above those that other tests reserve, below those
// that systems lend to outgoing connections.
const firstPort, lastPort = 31300, 32700

// scriptPorts: ports VARIABLE… sets each variable to a port of 127.0.0.1 that was free just now.
func scriptPorts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: ports VARIABLE…")
	}
	port := firstPort
	for _, name := range args {
		for ; ; port++ {
			if port > lastPort {
				ts.Fatalf("no free port from %d to %d", firstPort, lastPort)
			}
			l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
			if err != nil {
				continue // somebody's
			}
			ts.Check(l.Close())
			break
		}
		ts.Setenv(name, strconv.Itoa(port))
		port++
	}
}

// scriptEnvFile: envfile FILE replaces ${VARIABLE} in a file by what the script has set.
func scriptEnvFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: envfile FILE")
	}
	name := ts.MkAbs(args[0])
	text, err := os.ReadFile(name)
	ts.Check(err)
	ts.Check(os.WriteFile(name, []byte(os.Expand(string(text), ts.Getenv)), 0o600))
}
