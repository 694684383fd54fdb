package daemon

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"domicile/daemon/directory"
	"domicile/daemon/peer"
	"domicile/daemon/sample"
)

// DevOptions say how RunDev works.
type DevOptions struct {
	Data    string       // directory of the installation; "" is ./domicile-data
	Port    int          // first of the public ports; 0 picks free ones once
	Empty   bool         // make no sample workspaces
	Version string       // shown to operators
	Out     io.Writer    // what people are told
	Log     *slog.Logger // nil discards
}

// DevFile is dev.json: where everything of a dev installation is, for scripts and tests.
type DevFile struct {
	Regions    map[string]DevRegion `json:"regions"`
	Edge       string               `json:"edge"`
	CA         string               `json:"ca"`
	PID        int                  `json:"pid"`
	Users      []sample.User        `json:"users"`
	Workspaces []sample.Workspace   `json:"workspaces"`
}

// DevRegion is one region of DevFile.
type DevRegion struct {
	URL     string    `json:"url"`
	API     string    `json:"api"`
	Reports string    `json:"reports"`
	Socket  string    `json:"socket"`
	Data    []string  `json:"data"`
	Nodes   []DevNode `json:"nodes"`
}

// DevNode is one node of a DevRegion.
type DevNode struct {
	ID       string `json:"id"`
	URL      string `json:"url"`
	Internal string `json:"internal"`
	Socket   string `json:"socket"`
}

const (
	devReadyTimeout = time.Minute
	devFile         = "dev.json"
	sampleFile      = "sample.json" // credentials of the sample people, written when all of it is made
)

// RunDev runs all five regions until ctx ends, each a complete daemon with a directory and ports of its own.
// The first start makes cells, certificates and sample workspaces; later ones go on with what is there. A
// region that stops for an error leaves the others running.
func RunDev(ctx context.Context, o DevOptions) error {
	if o.Data == "" {
		o.Data = "domicile-data"
	}
	if o.Log == nil {
		o.Log = discard()
	}
	l, err := LayOutDev(o.Data, o.Port)
	if err != nil {
		return err
	}
	daemons, err := openDev(ctx, l, o)
	if err != nil {
		return err
	}
	edge, listener, err := openEdge(l, daemons, o.Log)
	if err != nil {
		for _, d := range daemons {
			err = errors.Join(err, d.Close())
		}
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var g errgroup.Group
	for _, d := range daemons {
		g.Go(func() error { return d.Run(ctx) }) // its end ends no other
	}
	g.Go(func() error { return edge.Run(ctx, listener) })
	if err := announce(ctx, l, daemons, o); err != nil {
		cancel(err)
		return errors.Join(err, g.Wait())
	}
	return g.Wait()
}

// openDev makes the cells that are missing and opens all regions.
func openDev(ctx context.Context, l DevLayout, o DevOptions) (daemons []*Daemon, err error) {
	defer func() {
		if err != nil {
			for _, d := range daemons {
				err = errors.Join(err, d.Close())
			}
		}
	}()
	options := Options{Version: o.Version, Log: o.Log}
	var g errgroup.Group
	for _, c := range l.Configs {
		if _, err := os.Stat(filepath.Join(c.Data, markerFile)); err == nil {
			continue
		}
		g.Go(func() error { return InitCell(ctx, c, options) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, c := range l.Configs {
		d, err := Open(ctx, c, options)
		if err != nil {
			return daemons, fmt.Errorf("open region %s: %w", c.Region, err)
		}
		daemons = append(daemons, d)
	}
	return daemons, nil
}

func openEdge(l DevLayout, daemons []*Daemon, log *slog.Logger) (*edge, net.Listener, error) {
	regions := directory.DefaultRegions("")
	var hosts []string
	for _, p := range regions.All() {
		hosts = append(hosts, publicHosts(p)...)
		hosts = append(hosts, p.ReportHosts...)
	}
	hosts = append(hosts, "*."+regions.Domain())
	cert, key := filepath.Join(l.Dir, "edge.pem"), filepath.Join(l.Dir, "edge.key")
	if err := peer.IssueServer(l.CA, hosts, cert, key); err != nil {
		return nil, nil, err
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, nil, fmt.Errorf("read certificate of the edge: %w", err)
	}
	listener, err := net.Listen("tcp", l.Edge)
	if err != nil {
		return nil, nil, fmt.Errorf("open edge: %w", err)
	}
	route := func(host string) (string, bool) {
		place, _, ok := regions.ByHost(host)
		if label, is := regions.Subdomain(host); !ok && is {
			// Global's mirror knows every workspace's subdomain and home.
			place.Region, ok = daemons[0].regionOfSubdomain(label)
		}
		return l.Config(place.Region).Public.Listen, ok
	}
	return newEdge(route, &pair, log), listener, nil
}

// announce waits until all regions serve, makes the sample workspaces, and tells people and scripts.
func announce(ctx context.Context, l DevLayout, daemons []*Daemon, o DevOptions) error {
	wait, cancel := context.WithTimeout(ctx, devReadyTimeout)
	defer cancel()
	for _, d := range daemons {
		if err := d.WaitReady(wait); err != nil {
			return fmt.Errorf("wait for region %s: %w", d.config.Region, err)
		}
	}
	made, err := devSample(ctx, l, daemons, o)
	if err != nil {
		return err
	}
	f := l.describe(made)
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", devFile, err)
	}
	if err := writeSynced(filepath.Join(l.Dir, devFile), append(raw, '\n'), 0o600); err != nil {
		return err
	}
	return tell(o.Out, l, f)
}

func (l DevLayout) describe(made sample.Result) DevFile {
	f := DevFile{
		Regions: map[string]DevRegion{}, Edge: "http://" + l.Edge, CA: filepath.Join(l.CA, peer.RootCert), PID: os.Getpid(),
		Users: made.Users, Workspaces: made.Workspaces,
	}
	for _, c := range l.Configs {
		url := "http://" + c.Public.Listen
		f.Regions[c.Region] = DevRegion{
			URL: url, API: url + "/api/v1", Reports: url + "/report/v1", Socket: c.Operator.Socket, Data: []string{c.Data},
			Nodes: []DevNode{{ID: c.Node, URL: url, Internal: c.Internal.Listen, Socket: c.Operator.Socket}},
		}
	}
	return f
}

// tell prints what people want to know first, and then the line that scripts wait for.
func tell(out io.Writer, l DevLayout, f DevFile) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Domicile, five regions in %s\n\n", l.Dir)
	for _, c := range l.Configs {
		fmt.Fprintf(&b, "  %-7s %s\n", c.Region, f.Regions[c.Region].API)
	}
	fmt.Fprintf(&b, "  %-7s %s   (routes by Host)\n", "edge", f.Edge)
	if len(f.Users) > 0 {
		fmt.Fprintf(&b, "\nSample people (password, key in global):\n")
		for _, u := range f.Users {
			fmt.Fprintf(&b, "  %-24s %-20s %s\n", u.Email, u.Password, u.Keys[string(directory.Global)])
		}
		fmt.Fprintf(&b, "\nSample workspaces:\n")
		for _, w := range f.Workspaces {
			fmt.Fprintf(&b, "  %s  %-8s %-10s %s\n", w.ID, w.Name, w.Plan, w.Region)
		}
		u, w := f.Users[0], f.Workspaces[0]
		fmt.Fprintf(&b, "\nTry:\n  curl -H 'X-Api-Key: %s' %s/workspaces\n", u.Keys[string(directory.Global)], f.Regions[string(directory.Global)].API)
		fmt.Fprintf(&b, "  curl -H 'X-Api-Key: %s' '%s/workspaces/%s/search?q=review'\n", u.Keys[string(directory.Global)], f.Regions[string(directory.Global)].API, w.ID)
	} else {
		fmt.Fprintf(&b, "\nNo people yet. The first one:\n  domicile user create --socket %s --email you@example.com --name You\n", f.Regions[string(directory.Global)].Socket)
	}
	fmt.Fprintf(&b, "\nAll of this as JSON: %s\nCtrl-C stops; started again, it goes on.\nready\n", filepath.Join(l.Dir, devFile))
	_, err := io.WriteString(out, b.String())
	return err
}
