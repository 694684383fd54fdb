package daemon

import (
	"context"
	"errors"
	"net"
	"net/http"

	"domicile/daemon/directory"
	"domicile/daemon/peer"
	"domicile/daemon/rpc"
)

// dialDirectory connects this region to the directory, by the first of its peers that answers.
func (d *Daemon) dialDirectory() directory.Service {
	dial := d.egress.to(toDirectory)
	transport := peer.Transport(d.credentials, string(directory.Global), func(ctx context.Context, _ string) (net.Conn, error) {
		var errs []error
		for _, address := range d.config.Directory.Peers {
			conn, err := dial(ctx, address)
			if err == nil {
				return conn, nil
			}
			errs = append(errs, err)
		}
		return nil, errors.Join(errs...)
	})
	d.closing(func() error {
		transport.CloseIdleConnections()
		return nil
	})
	return rpc.NewDirectory(&http.Client{Transport: transport}, "https://directory")
}

// answerCalls is what other nodes may call here: the directory, where it is.
func (d *Daemon) answerCalls() http.Handler {
	mux := http.NewServeMux()
	if directory.Region(d.config.Region) == directory.Global {
		mux.Handle(rpc.DirectoryHandler(d.service, func(r *http.Request) (directory.Region, error) {
			id, err := d.port.Caller(r)
			return directory.Region(id.Region), err
		}))
	}
	return mux
}
