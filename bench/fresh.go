package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"connectrpc.com/connect"

	"domicile/daemon"
	"domicile/daemon/client"
	pb "domicile/daemon/rpc/operatorpb"
	"domicile/daemon/rpc/operatorpb/operatorpbconnect"
)

// Fresh runs an empty `domicile dev` in this process with a PRO workspace in global. End ends it and removes
// its data.
func Fresh(ctx context.Context) (t Target, end func() error, err error) {
	dir, err := os.MkdirTemp("", "d") // short: a unix socket's path is bounded
	if err != nil {
		return t, nil, fmt.Errorf("make installation: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ready := &readyWriter{ready: make(chan struct{})}
	ended := make(chan error, 1)
	go func() {
		ended <- daemon.RunDev(ctx, daemon.DevOptions{Data: dir, Empty: true, Version: "bench", Out: ready})
	}()
	end = func() error {
		cancel()
		if t.Client != nil {
			t.Client.Close()
		}
		return errors.Join(<-ended, os.RemoveAll(dir))
	}
	select {
	case <-ready.ready:
	case err := <-ended:
		ended <- err
		return t, nil, errors.Join(fmt.Errorf("run installation: %w", err), end())
	}
	if t, err = people(ctx, dir); err != nil {
		return t, nil, errors.Join(err, end())
	}
	return t, end, nil
}

// people makes somebody with a workspace and a key.
func people(ctx context.Context, dir string) (Target, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "dev.json"))
	if err != nil {
		return Target{}, fmt.Errorf("read dev.json: %w", err)
	}
	var f daemon.DevFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return Target{}, fmt.Errorf("read dev.json: %w", err)
	}
	global := f.Regions["global"]
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", global.Socket)
	}}
	defer transport.CloseIdleConnections()
	o := operatorpbconnect.NewOperatorClient(&http.Client{Transport: transport}, "http://operator")
	p, err := o.CreatePerson(ctx, connect.NewRequest(&pb.CreatePersonRequest{Email: "bench@example.com", Name: "Bench"}))
	if err != nil {
		return Target{}, fmt.Errorf("make person: %w", err)
	}
	w, err := o.CreateWorkspace(ctx, connect.NewRequest(&pb.CreateWorkspaceRequest{Name: "Bench", Owner: p.Msg.Person.Id, Region: "global", Plan: "PRO"}))
	if err != nil {
		return Target{}, fmt.Errorf("make workspace: %w", err)
	}
	k, err := o.CreateKey(ctx, connect.NewRequest(&pb.CreateKeyRequest{Person: p.Msg.Person.Id, Name: "bench"}))
	if err != nil {
		return Target{}, fmt.Errorf("make key: %w", err)
	}
	c, err := client.New(client.Options{BaseURL: global.API, APIKey: k.Msg.Secret, Agent: "domicile-bench"})
	if err != nil {
		return Target{}, err
	}
	return Target{Client: c, Workspace: w.Msg.Workspace.Id, Person: p.Msg.Person.Id}, nil
}

// readyWriter waits for the line that says that all regions serve.
type readyWriter struct {
	once  sync.Once
	ready chan struct{}
}

// Write looks for the line.
func (w *readyWriter) Write(p []byte) (int, error) {
	if bytes.HasSuffix(p, []byte("\nready\n")) {
		w.once.Do(func() { close(w.ready) })
	}
	return len(p), nil
}
