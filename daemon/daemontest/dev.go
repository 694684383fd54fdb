package daemontest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"domicile/daemon"
)

// Dev is `domicile dev` as a process, on one directory for all its runs.
type Dev struct {
	*Network
	*Process                // the run that is, or was the last
	Dir      string         // what --data names
	File     daemon.DevFile // dev.json

	t    testing.TB
	args []string
}

// StartDev runs `domicile dev --port 0 --empty` with more arguments and returns when it is ready.
func StartDev(t testing.TB, args ...string) *Dev {
	t.Helper()
	d := &Dev{Dir: filepath.Join(shortDir(t, true), "d"), t: t, args: args}
	if err := os.Mkdir(d.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	devPorts(t, d.Dir)
	d.Start()
	return d
}

// Start runs it again, after Kill or Stop.
func (d *Dev) Start() {
	d.t.Helper()
	d.Process = Run(d.t, filepath.Dir(d.Dir), "dev", append([]string{"dev", "--data", d.Dir, "--port", "0", "--empty"}, d.args...)...)
	d.Process.WaitLine("ready")
	raw, err := os.ReadFile(filepath.Join(d.Dir, "dev.json"))
	if err != nil {
		d.t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &d.File); err != nil {
		d.t.Fatal(err)
	}
	if d.Network != nil {
		d.http.CloseIdleConnections()
		return
	}
	places := make([]Place, 0, len(d.File.Regions))
	for _, name := range regions() {
		r := d.File.Regions[name]
		places = append(places, Place{Region: name, API: r.API, Socket: r.Socket, Data: r.Data[0]})
	}
	d.Network = newNetwork(d.t, places)
}

// regions returns the names of the five, global first.
func regions() []string { return []string{Global, "usa", "eu", "uk", "au"} }
