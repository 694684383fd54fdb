package daemon

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"domicile/daemon/api"
	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/daemon/importer"
	"domicile/daemon/operator"
	"domicile/daemon/peer"
	"domicile/daemon/trail"
	"domicile/daemon/workspace"
	"domicile/index"
	"domicile/store/record"
)

// open takes the steps of Open, each with what undoes it. Listeners come last, so that nobody is kept
// waiting by a node that then does not start.
func (d *Daemon) open(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		d.openData, d.openPort, d.openCell, d.openIndex, d.openDirectory, d.openPolicy, d.openDoors,
	} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *Daemon) openData(context.Context) (err error) {
	if err := d.config.Check(); err != nil {
		return err
	}
	if d.regions, err = d.config.regions(); err != nil {
		return err
	}
	if d.data, err = openData(d.config.Data, d.config.identity()); err != nil {
		return err
	}
	d.closing(d.data.Close)
	if err := clearTmp(d.data.sub("tmp"), "imports"); err != nil {
		return err
	}
	if d.signing, err = readSigningKey(d.config.Secrets.Signing); err != nil {
		return err
	}
	d.metrics = prometheus.NewRegistry()
	d.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	d.disk = newDisk(d.data.path, d.metrics)
	return nil
}

func (d *Daemon) openPort(context.Context) (err error) {
	in := d.config.Internal
	d.credentials, err = peer.Load(peer.Files{CA: in.CA, Cert: in.Cert, Key: in.Key})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if self := d.credentials.Self(); self != d.config.identity() {
		return fmt.Errorf("%w: internal.cert is of %s, the configuration says %s", ErrConfig, self, d.config.identity())
	}
	out := newEgress(d.config, d.metrics)
	out.through = d.o.Through
	d.port, err = peer.Listen(in.Listen, peer.PortOptions{Credentials: d.credentials, Raft: out.to(toCell), Log: d.o.Log})
	if err != nil {
		return err
	}
	d.egress = out
	d.closing(d.port.Close)
	return nil
}

func (d *Daemon) openIndex(context.Context) (err error) {
	d.index, err = index.Open(d.store, index.Options{Dir: d.data.sub("index"), Log: d.o.Log, Metrics: d.metrics})
	if err != nil {
		return fmt.Errorf("open indexes: %w", err)
	}
	d.closing(d.index.Close)
	return nil
}

// openDirectory finds the directory: the one of this cell in global, by internal calls elsewhere. Global's
// own mirror follows by the same code as the others'.
func (d *Daemon) openDirectory(context.Context) error {
	ids := record.NewGenerator()
	if directory.Region(d.config.Region) == directory.Global {
		d.service = directory.New(directory.Options{
			Cell: d.cell, Regions: d.regions, IDs: ids, Trail: trail.NewBook(ids).Record, Now: d.o.Now, Log: d.o.Log,
			Subscribe: func() directory.Feed { return d.store.Subscribe() },
		})
	} else {
		d.service = d.dialDirectory()
	}
	d.calls = d.answerCalls()
	d.follower = directory.NewFollower(directory.FollowerOptions{
		Region: directory.Region(d.config.Region), Cell: d.cell, CellName: d.config.Cell, Source: d.service,
		PublicKey: publicKey(d.signing), Now: d.o.Now, Log: d.o.Log,
	})
	d.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "domicile_mirror_age_seconds", Help: "For how long the mirror of the directory may have been behind; -1 before it was whole once.",
	}, func() float64 { return max(-1, d.follower.Age().Seconds()) }))
	return nil
}

func (d *Daemon) openPolicy(context.Context) (err error) {
	region, ids := directory.Region(d.config.Region), record.NewGenerator()
	d.auth = auth.New(auth.Options{
		Region: region, Cell: d.cell, Directory: d.service, IDs: ids, Trail: trail.NewBook(ids).Record, Now: d.o.Now, Log: d.o.Log,
	})
	d.work = workspace.New(workspace.Options{
		Region: region, Regions: d.regions, Cell: d.cell, Directory: d.service, Follower: d.follower,
		Auth: d.auth, Denials: d.auth, Index: d.index, IDs: ids, Now: d.o.Now,
	})
	d.imports, err = importer.Open(importer.Options{
		Dir: d.data.sub("tmp/imports"), Cell: d.cell, Directory: d.service, Mirrored: d.follower.Wait,
		IDs: ids, Now: d.o.Now, Log: d.o.Log,
	})
	if err != nil {
		return fmt.Errorf("open importer: %w", err)
	}
	d.api = api.New(api.Options{
		Region: region, Regions: d.regions, Service: d.work, Auth: d.auth, Imports: d.imports, Log: d.o.Log, Metrics: d.metrics, Now: d.o.Now,
	})
	d.operators = operatorSide(operator.New(operator.Options{
		Region: region, Regions: d.regions, Directory: d.service, Cell: d.cell, Keys: d.auth, Status: d.status, IDs: ids,
		Mirrored: d.follower.Wait, Now: d.o.Now, Log: d.o.Log,
	}), d.metrics, d.Ready)
	return nil
}

func (d *Daemon) openDoors(context.Context) (err error) {
	if d.socket, err = operator.Listen(d.config.Operator.Socket); err != nil {
		return err
	}
	d.closing(ignoring(d.socket.Close))
	if d.public, err = listenPublic(d.config.Public); err != nil {
		return err
	}
	d.closing(ignoring(d.public.Close))
	return nil
}
