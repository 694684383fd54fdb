package daemon

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"domicile/daemon/directory"
	"domicile/replicate"
	"domicile/store"
)

// initTimeout bounds the making of a cell: a one-node election and two small commands.
const initTimeout = 30 * time.Second

// openCell opens store and log, and joins them to a node of the cell.
func (d *Daemon) openCell(context.Context) error {
	return d.openNode(false)
}

func (d *Daemon) openNode(bootstrap bool) (err error) {
	d.store, err = store.Open(store.Options{
		Dir: d.data.sub("store"), CellID: d.data.marker.CellID, Log: d.o.Log, Fatal: d.fail, Free: d.disk.space,
	})
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	d.closing(d.store.Close)
	o := replicate.Options{
		Store: d.store, Dir: d.data.path, CellID: d.data.marker.CellID, NodeID: d.config.Node,
		Address: d.config.Internal.Advertise, Bootstrap: bootstrap, Log: d.o.Log, Metrics: d.metrics, Now: d.o.Now,
	}
	if d.port != nil {
		o.Stream = d.port.Raft()
	}
	if d.node, err = replicate.Open(o); err != nil {
		return fmt.Errorf("open cell: %w", err)
	}
	d.closing(d.node.Close)
	d.cell = &guarded{Node: d.node}
	return nil
}

// InitCell makes a new cell with this node as its first: cell id, the region's signing key, its system
// workspace and, in global, the directory's. It refuses a directory that has anything in it; one that an
// interrupted InitCell left behind is begun again.
func InitCell(ctx context.Context, c Config, o Options) error {
	if err := c.Check(); err != nil {
		return err
	}
	data, err := makeData(c.Data)
	if err != nil {
		return err
	}
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails (crypto/rand)
	m := marker{Region: c.Region, Cell: c.Cell, Node: c.Node, CellID: hex.EncodeToString(id), Created: time.Now().UTC()}
	data.marker = m
	if err := initCell(ctx, c, o, data); err != nil {
		return errors.Join(err, data.Close())
	}
	return errors.Join(data.finish(m), data.Close())
}

func initCell(ctx context.Context, c Config, o Options, data *dataDir) (err error) {
	if _, err := newSigningKey(c.Secrets.Signing); err != nil {
		return err
	}
	d := &Daemon{config: c, o: o, data: data, metrics: prometheus.NewRegistry(), failed: make(chan error, 1)}
	if d.o.Log == nil {
		d.o.Log = discard()
	}
	d.disk = newDisk(data.path, d.metrics)
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.openNode(true); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, initTimeout)
	defer cancel()
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.node.Run(running) }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended)
	}()
	if err := d.node.Ready(ctx); err != nil {
		return fmt.Errorf("elect the first leader: %w", err)
	}
	global := directory.Region(c.Region) == directory.Global
	if err := directory.CreateSystem(ctx, d.node, global); err != nil {
		return fmt.Errorf("make system workspaces: %w", err)
	}
	return nil
}

func publicKey(key ed25519.PrivateKey) ed25519.PublicKey {
	public, _ := key.Public().(ed25519.PublicKey)
	return public
}

// ignoring makes closing twice harmless.
func ignoring(f func() error) func() error {
	return func() error {
		if err := f(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}
