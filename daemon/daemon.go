package daemon

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/daemon/importer"
	"domicile/daemon/operator"
	"domicile/daemon/peer"
	"domicile/daemon/workspace"
	"domicile/index"
	"domicile/replicate"
	"domicile/store"
	"domicile/store/record"
)

// Options are what a Daemon gets from its process besides the configuration.
type Options struct {
	Version string           // shown to operators
	Log     *slog.Logger     // nil discards
	Now     func() time.Time // nil is time.Now
	// Through, if not nil, wraps each outgoing connection: tests put distance and faults here.
	Through func(net.Conn) net.Conn
}

// faultTimeout bounds the wait for what a fault left behind.
const faultTimeout = 15 * time.Second

// Daemon is one node. Open makes it, Run serves; it can't be run twice.
type Daemon struct {
	config  Config
	o       Options
	regions directory.Regions

	data        *dataDir
	signing     ed25519.PrivateKey
	credentials *peer.Credentials
	metrics     *prometheus.Registry
	disk        *disk
	egress      *egress
	port        *peer.Port
	public      net.Listener
	socket      net.Listener
	store       *store.DB
	node        *replicate.Node
	index       *index.Set
	cell        *guarded

	service  directory.Service
	follower *directory.Follower
	auth     *auth.Auth
	work     *workspace.Service
	imports  *importer.Importer

	api       http.Handler // public
	calls     http.Handler // internal
	operators http.Handler // unix socket

	failed chan error // the first fault that must end the daemon, from whichever part met it
	opened []func() error
}

// Open opens a node on its data directory: everything but the work that Run does. What is wrong with
// configuration or directory is said with what to do.
func Open(ctx context.Context, c Config, o Options) (*Daemon, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Log = o.Log.With("region", c.Region)
	d := &Daemon{config: c, o: o, failed: make(chan error, 1)}
	if err := d.open(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// fail ends the daemon for err; later faults are consequences of the first.
func (d *Daemon) fail(err error) {
	select {
	case d.failed <- err:
	default:
	}
}

// closing registers what undoes a step of Open.
func (d *Daemon) closing(f func() error) { d.opened = append(d.opened, f) }

// Close frees everything, in the opposite order of Open. Run does it at its end; it is for a daemon that
// was opened and not run.
func (d *Daemon) Close() error {
	var errs []error
	for len(d.opened) > 0 {
		last := len(d.opened) - 1
		errs = append(errs, d.opened[last]())
		d.opened = d.opened[:last]
	}
	return errors.Join(errs...)
}

// Run serves until ctx ends, then lets requests in flight finish and closes. It returns nil after that, and
// the fault if there was one.
func (d *Daemon) Run(ctx context.Context) error {
	// Doors close first, what is behind them goes on until they are: an answer may need it.
	doors, closeDoors := context.WithCancel(ctx)
	defer closeDoors()
	rooms, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()

	behind, behindCtx := errgroup.WithContext(rooms)
	for _, run := range []func(context.Context) error{
		d.node.Run, d.index.Run, d.follower.Run, d.auth.Run, d.work.Run, d.imports.Run, d.disk.Run,
		func(ctx context.Context) error { return d.port.Run(ctx, d.calls) },
	} {
		behind.Go(func() error { return run(behindCtx) })
	}
	behind.Go(func() error {
		select {
		case err := <-d.failed:
			return err
		case <-behindCtx.Done():
			return nil
		}
	})
	stopOnFault := context.AfterFunc(behindCtx, closeDoors) // any part's fault closes the doors too
	defer stopOnFault()

	front, frontCtx := errgroup.WithContext(doors)
	front.Go(func() error { return serve(frontCtx, newServer(d.api, d.o.Log), d.public) })
	front.Go(func() error {
		s := newServer(d.operators, d.o.Log)
		s.ConnContext = operator.WithPeer
		return serve(frontCtx, s, d.socket)
	})
	d.o.Log.Info("node started", "cell", d.config.Cell, "node", d.config.Node, "public", d.config.Public.Listen)
	err := front.Wait()
	leave()
	err = errors.Join(err, d.end(behindCtx, behind.Wait))
	if err != nil {
		d.o.Log.Error("node stopped", "err", err.Error())
		return fmt.Errorf("node %s: %w", d.config.identity(), err)
	}
	d.o.Log.Info("node stopped")
	return nil
}

// end waits for the parts that run and closes everything. After a fault it waits so long and no longer: the
// storage engine may have stopped in the middle of a call that never returns.
func (d *Daemon) end(ctx context.Context, wait func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(wait(), d.Close()) }()
	var limit <-chan time.Time
	if fault := context.Cause(ctx); fault != nil && !errors.Is(fault, context.Canceled) {
		limit = time.After(faultTimeout)
	}
	select {
	case err := <-ended:
		return err
	case <-limit:
		return fmt.Errorf("%w (and what it left did not end in %s)", context.Cause(ctx), faultTimeout)
	}
}

// Ready says why the node can't serve, or nil: it has a leader, and its mirror has been whole once.
func (d *Daemon) Ready(ctx context.Context) error {
	if err := d.node.Ready(ctx); err != nil {
		return err
	}
	v, err := d.node.View(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = v.Close() }()
	// The mirror's cursor is there from the first page on; it outlives a restart without the directory.
	for _, err := range v.Records(record.RegionID, record.Cursor) {
		return err
	}
	return errors.New("the directory has not been reached yet")
}

// WaitReady returns when the node is ready, or ctx's error with what was missing last.
func (d *Daemon) WaitReady(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := d.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// regionOfSubdomain finds where the workspace with a custom subdomain lives, as this region's mirror has it.
func (d *Daemon) regionOfSubdomain(label string) (directory.Region, bool) {
	v := d.node.Local()
	defer func() { _ = v.Close() }()
	var m directory.Mirror
	w, err := m.WorkspaceBySubdomain(v, label)
	if err != nil {
		return "", false
	}
	h, err := m.Home(v, w.ID)
	return h.Region, err == nil
}

func (d *Daemon) status(context.Context) (operator.Status, error) {
	s := d.node.Status()
	free, _, err := statfs(d.data.path)
	if err != nil {
		return operator.Status{}, err
	}
	return operator.Status{
		Cell: d.config.Cell, Leader: s.Leader, Term: s.Term,
		Nodes: []operator.NodeStatus{{
			ID: d.config.Node, Voter: true, Leader: s.Leader == d.config.Node, Applied: s.Applied,
			Lag: s.LastIndex - min(s.Applied, s.LastIndex), DiskFree: free,
			CertDays: int(time.Until(d.credentials.Expires()).Hours() / 24), Version: d.o.Version,
		}},
	}, nil
}

// clearTmp removes temporary files of an earlier run, but what the importer spools.
func clearTmp(dir string, keep ...string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return fmt.Errorf("read temporary files: %w", err)
	}
	for _, e := range entries {
		if oneOf(e.Name(), keep...) {
			continue
		}
		if err := os.RemoveAll(dir + "/" + e.Name()); err != nil {
			return fmt.Errorf("clear temporary files: %w", err)
		}
	}
	return nil
}
