package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"domicile/daemon/directory"
	"domicile/daemon/peer"
)

// devNode is the name of the only node of each of dev's cells.
const devNode = "a"

// devPorts are the ports of one dev installation. They are picked once and kept, so that URLs stay good.
type devPorts struct {
	Public   map[string]int `json:"public"`
	Internal map[string]int `json:"internal"`
	Edge     int            `json:"edge"`
}

// DevLayout is where everything of a dev installation is: five one-node cells below one directory.
type DevLayout struct {
	Dir     string
	CA      string   // folder of the installation's CA
	Configs []Config // one a region, global first
	Edge    string   // host:port of the edge
}

// Config returns one region's configuration.
func (l DevLayout) Config(r directory.Region) Config {
	for _, c := range l.Configs {
		if c.Region == string(r) {
			return c
		}
	}
	return Config{}
}

// LayOutDev makes what `dev` needs in dir the first time, and finds it again later: ports, CA, certificates,
// configurations. Port 0 picks free ports; what was picked once stays.
func LayOutDev(dir string, port int) (DevLayout, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return DevLayout{}, fmt.Errorf("find data directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return DevLayout{}, writable(dir, err)
	}
	regions := directory.DefaultRegions("")
	ports, err := pickPorts(filepath.Join(dir, "ports.json"), port, regions.Names())
	if err != nil {
		return DevLayout{}, err
	}
	l := DevLayout{Dir: dir, CA: filepath.Join(dir, "ca"), Edge: local(ports.Edge)}
	if err := peer.InitCA(l.CA); err != nil && !errors.Is(err, peer.ErrExists) {
		return l, err
	}
	rows := make(map[string]RegionConfig)
	for _, p := range regions.All() {
		base := "http://" + local(ports.Public[string(p.Region)])
		rows[string(p.Region)] = RegionConfig{
			BaseURL: base + "/api/v1", ReportsURL: base + "/report/v1", Hosts: publicHosts(p),
		}
	}
	for _, p := range regions.All() {
		c, err := devConfig(l, string(p.Region), ports, rows)
		if err != nil {
			return l, err
		}
		l.Configs = append(l.Configs, c)
	}
	return l, nil
}

// publicHosts are the names under which clients with built-in addresses look for a region.
func publicHosts(p directory.Place) []string {
	hosts := append([]string(nil), p.Hosts...)
	if u, err := url.Parse(p.BaseURL); err == nil {
		hosts = append(hosts, u.Hostname())
	}
	return hosts
}

func devConfig(l DevLayout, region string, ports devPorts, rows map[string]RegionConfig) (Config, error) {
	id := peer.Identity{Region: region, Cell: region + "-1", Node: devNode}
	data := filepath.Join(l.Dir, region, devNode)
	certs := filepath.Join(l.Dir, region, "certificate")
	c := Config{
		Region: id.Region, Cell: id.Cell, Node: id.Node, Data: data,
		Public: PublicConfig{Listen: local(ports.Public[region])},
		Internal: InternalConfig{
			Listen: local(ports.Internal[region]),
			CA:     filepath.Join(certs, peer.RootCert), Cert: filepath.Join(certs, peer.NodeCert), Key: filepath.Join(certs, peer.NodeKey),
		},
		Regions: rows,
	}
	if directory.Region(region) != directory.Global {
		c.Directory.Peers = []string{local(ports.Internal[string(directory.Global)])}
	}
	c.fill()
	if credentials, err := peer.Load(peer.Files{CA: c.Internal.CA, Cert: c.Internal.Cert, Key: c.Internal.Key}); err != nil || nearEnd(credentials) {
		if err := peer.Issue(l.CA, id, []string{"127.0.0.1"}, certs); err != nil {
			return c, err
		}
	}
	return c, c.Check()
}

// pickPorts reads the ports picked before, or picks: P to P+4 for the regions in order, P+9 for the edge,
// from P+10 on for the internal ports; with 0, free ones.
func pickPorts(name string, port int, regions []string) (devPorts, error) {
	var p devPorts
	raw, err := os.ReadFile(name)
	switch {
	case err == nil && port == 0:
		if err := json.Unmarshal(raw, &p); err != nil {
			return p, fmt.Errorf("read %s: %w", name, err)
		}
		return p, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return p, fmt.Errorf("read ports: %w", err)
	}
	p = devPorts{Public: map[string]int{}, Internal: map[string]int{}}
	if port != 0 {
		if port < 1 || port > 65535-10-len(regions) {
			return p, fmt.Errorf("%w: port %d: use 0, or one that leaves room for the next %d", ErrConfig, port, 10+len(regions))
		}
		for i, r := range regions {
			p.Public[r], p.Internal[r] = port+i, port+10+i
		}
		p.Edge = port + 9
	} else if err := freePorts(&p, regions); err != nil {
		return p, err
	}
	raw, err = json.MarshalIndent(p, "", "  ")
	if err != nil {
		return p, fmt.Errorf("encode ports: %w", err)
	}
	return p, writeSynced(name, raw, 0o600)
}

// Ports are picked here: below those that systems lend to outgoing connections (from 32768 on at the lowest),
// since a port that is kept must be free at later starts too.
const (
	firstPort = 10000
	lastPort  = 19999
	portTries = 1000
)

// freePorts picks ports that nobody listens on, holding all until it has enough so that none is given twice.
func freePorts(p *devPorts, regions []string) error {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close()
		}
	}()
	next := func() (port int, err error) {
		for range portTries {
			port = firstPort + mathrand.IntN(lastPort-firstPort+1) //nolint:gosec // a port is no secret
			var l net.Listener
			if l, err = net.Listen("tcp", local(port)); err == nil {
				held = append(held, l)
				return port, nil
			}
		}
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	var err error
	for _, r := range regions {
		if p.Public[r], err = next(); err != nil {
			return err
		}
		if p.Internal[r], err = next(); err != nil {
			return err
		}
	}
	p.Edge, err = next()
	return err
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// nearEnd says that a certificate is to be issued anew: dev renews at its start.
func nearEnd(c *peer.Credentials) bool { return time.Until(c.Expires()) < 30*24*time.Hour }
