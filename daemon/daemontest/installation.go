package daemontest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"domicile/daemon"
)

// Options say how Start runs regions.
type Options struct {
	Dir     string                  // the installation's directory; empty: a new one
	Regions []string                // which to run at first; nil: all
	Through func(net.Conn) net.Conn // wraps each connection between regions; nil: as they are
	Now     func() time.Time        // nil: time.Now
	Log     io.Writer               // nil: the test's log
}

// Installation is five regions in this process.
type Installation struct {
	*Network
	t       testing.TB
	o       Options
	layout  daemon.DevLayout
	log     *slog.Logger
	running map[string]*running
}

// running is one region that runs.
type running struct {
	stop  context.CancelFunc
	ended chan error
}

// Start makes an installation, or finds the one of o.Dir again, and returns when its regions serve. They
// end with the test.
func Start(t testing.TB, o Options) *Installation {
	t.Helper()
	if o.Dir == "" {
		o.Dir = shortDir(t, false)
	}
	if o.Log == nil {
		o.Log = t.Output()
	}
	devPorts(t, o.Dir)
	l, err := daemon.LayOutDev(o.Dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	var places []Place
	for _, c := range l.Configs {
		places = append(places, Place{Region: c.Region, API: "http://" + c.Public.Listen + "/api/v1", Socket: c.Operator.Socket, Data: c.Data})
	}
	i := &Installation{
		Network: newNetwork(t, places), t: t, o: o, layout: l, running: map[string]*running{},
		log: slog.New(slog.NewTextHandler(o.Log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	var g errgroup.Group
	for _, c := range l.Configs {
		g.Go(func() error {
			err := daemon.InitCell(t.Context(), c, i.options())
			if errors.Is(err, daemon.ErrInitialised) {
				return nil // an earlier run made it
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for region := range i.running {
			i.Stop(region)
		}
	})
	if o.Regions == nil {
		o.Regions = i.Regions()
	}
	var daemons []*daemon.Daemon
	for _, region := range o.Regions {
		daemons = append(daemons, i.open(region))
	}
	for _, d := range daemons {
		i.wait(d)
	}
	return i
}

func (i *Installation) options() daemon.Options {
	return daemon.Options{Version: "test", Log: i.log, Through: i.o.Through, Now: i.o.Now}
}

// open opens a region and has it run.
func (i *Installation) open(region string) *daemon.Daemon {
	i.t.Helper()
	for _, c := range i.layout.Configs {
		if c.Region != region {
			continue
		}
		d, err := daemon.Open(i.t.Context(), c, i.options())
		if err != nil {
			i.t.Fatalf("open %s: %v", region, err)
		}
		ctx, stop := context.WithCancel(context.WithoutCancel(i.t.Context()))
		r := &running{stop: stop, ended: make(chan error, 1)}
		go func() { r.ended <- d.Run(ctx) }()
		i.running[region] = r
		return d
	}
	i.t.Fatalf("there is no region %s", region)
	return nil
}

func (i *Installation) wait(d *daemon.Daemon) {
	i.t.Helper()
	ctx, cancel := context.WithTimeout(i.t.Context(), patience)
	defer cancel()
	if err := d.WaitReady(ctx); err != nil {
		i.t.Fatalf("wait until a region serves: %v", err)
	}
}

// Start starts a region that was stopped and returns when it serves.
func (i *Installation) Start(region string) {
	i.t.Helper()
	i.wait(i.open(region))
}

// Stop ends a region in an orderly way.
func (i *Installation) Stop(region string) {
	i.t.Helper()
	r := i.running[region]
	if r == nil {
		return
	}
	delete(i.running, region)
	r.stop()
	i.http.CloseIdleConnections()
	if err := <-r.ended; err != nil {
		i.t.Errorf("%s ended: %v", region, err)
	}
}

// Restart stops a region and starts it again.
func (i *Installation) Restart(region string) {
	i.t.Helper()
	i.Stop(region)
	i.Start(region)
}

// Config returns a region's configuration.
func (i *Installation) Config(region string) daemon.Config {
	for _, c := range i.layout.Configs {
		if c.Region == region {
			return c
		}
	}
	return daemon.Config{}
}
