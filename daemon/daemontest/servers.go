package daemontest

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Servers is five regions, each a `domicile serve` of its own, made as an operator would make them.
type Servers struct {
	*Network
	Dir string // configurations, certificates, data and logs

	t       testing.TB
	configs map[string]string // file by region
	runs    map[string]*Process
}

// StartServers makes five cells and runs them. It returns when all serve.
func StartServers(t testing.TB) *Servers {
	t.Helper()
	s := MakeServers(t, "")
	for _, r := range regions() {
		MustCommand(t, "cell", "init", "--config", s.ConfigFile(r))
	}
	for _, r := range regions() {
		s.run(r)
	}
	for _, r := range regions() {
		s.wait(r)
	}
	return s
}

// MakeServers makes an authority, certificates and configurations of five regions, and no cell. Data
// directories are below data, or with everything else if it is empty.
func MakeServers(t testing.TB, data string) *Servers {
	t.Helper()
	s := &Servers{Dir: shortDir(t, true), t: t, configs: map[string]string{}, runs: map[string]*Process{}}
	if data == "" {
		data = s.Dir
	}
	MustCommand(t, "ca", "init", "--dir", s.file("ca"))
	first := reserve(t)
	address := func(n int) string { return loopback(first + n) }
	var table strings.Builder
	var places []Place
	for i, r := range regions() {
		fmt.Fprintf(&table, "  %s: {baseUrl: 'http://%s/api/v1', reportsUrl: 'http://%s/report/v1'}\n", r, address(2*i), address(2*i))
		places = append(places, Place{Region: r, API: "http://" + address(2*i) + "/api/v1", Socket: s.file(r + ".sock"), Data: filepath.Join(data, r)})
	}
	for i, r := range regions() {
		MustCommand(t, "ca", "issue", "--dir", s.file("ca"), "--region", r, "--host", "127.0.0.1", "--out", s.file(r+"-cert"))
		text := fmt.Sprintf("region: %s\ndata: %s\npublic: {listen: '%s'}\ninternal:\n  listen: %s\n  ca: %s\n  cert: %s\n  key: %s\noperator: {socket: %s}\nregions:\n%s",
			r, filepath.Join(data, r), address(2*i), address(2*i+1),
			s.file(r+"-cert/ca.pem"), s.file(r+"-cert/node.pem"), s.file(r+"-cert/node.key"), s.file(r+".sock"), table.String())
		if r != Global {
			text += fmt.Sprintf("directory: {peers: ['%s']}\n", address(1))
		}
		s.configs[r] = s.file(r + ".yaml")
		if err := os.WriteFile(s.configs[r], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.Network = newNetwork(t, places)
	return s
}

func (s *Servers) file(name string) string { return filepath.Join(s.Dir, name) }

// ConfigFile returns the path of a region's configuration.
func (s *Servers) ConfigFile(region string) string { return s.configs[region] }

// Of returns a region's process: the one that runs, or the last one.
func (s *Servers) Of(region string) *Process { return s.runs[region] }

func (s *Servers) run(region string) {
	s.runs[region] = Run(s.t, s.Dir, region, "serve", "--config", s.configs[region])
}

func (s *Servers) wait(region string) {
	s.t.Helper()
	Until(s.t, "readiness of "+region, func() error {
		if !s.runs[region].Running() {
			s.t.Fatalf("%s ended with code %d; its log ends:\n%s", region, s.runs[region].Wait(), tail(s.runs[region].log(), 20))
		}
		a, err := s.Get(s.t.Context(), region, "/readyz")
		if err != nil {
			return err
		}
		return a.Want(http.StatusOK, 0)
	})
}

// Start runs a region again and returns when it serves.
func (s *Servers) Start(region string) {
	s.t.Helper()
	s.http.CloseIdleConnections()
	s.run(region)
	s.wait(region)
}

// Stop ends a region by SIGTERM; another exit code than 0 is an error of the test.
func (s *Servers) Stop(region string) {
	s.t.Helper()
	if code := s.runs[region].Stop(); code != 0 {
		s.t.Errorf("%s ended with code %d; its log ends:\n%s", region, code, tail(s.runs[region].log(), 20))
	}
}
