package daemontest

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"

	"domicile/daemon/client"
	pb "domicile/daemon/rpc/operatorpb"
	"domicile/daemon/rpc/operatorpb/operatorpbconnect"
)

// Global is the region of the directory; the others are only named.
const Global = "global"

// Place is where one region is found.
type Place struct {
	Region string
	API    string // base URL of the core API
	Socket string // the operator's
	Data   string // data directory of its only node
}

// Network knows where the regions of an installation are, running or not, and talks to them.
type Network struct {
	t      testing.TB
	http   *http.Client
	places []Place
}

func newNetwork(t testing.TB, places []Place) *Network {
	n := &Network{t: t, places: places, http: &http.Client{Transport: &http.Transport{
		MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024,
	}}}
	t.Cleanup(n.http.CloseIdleConnections)
	return n
}

// Regions returns the names of all regions, global first.
func (n *Network) Regions() []string {
	var names []string
	for _, p := range n.places {
		names = append(names, p.Region)
	}
	return names
}

// Place returns where a region is.
func (n *Network) Place(region string) Place {
	n.t.Helper()
	for _, p := range n.places {
		if p.Region == region {
			return p
		}
	}
	n.t.Fatalf("there is no region %s", region)
	return Place{}
}

// Operator returns the operator's service of a region.
func (n *Network) Operator(region string) operatorpbconnect.OperatorClient {
	n.t.Helper()
	return operatorpbconnect.NewOperatorClient(n.socket(region), "http://operator")
}

// Get asks the operator's side of a region for a path that is not of the service, such as /metrics.
func (n *Network) Get(ctx context.Context, region, path string) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://operator"+path, nil)
	if err != nil {
		return Answer{}, err
	}
	return answer(n.socket(region).Do(r))
}

// socket returns a client that keeps no connection, so that it survives restarts of the region.
func (n *Network) socket(region string) *http.Client {
	path := n.Place(region).Socket
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
	}}
}

// Person is somebody with a password and keys.
type Person struct {
	ID, Name, Email, Password string

	n    *Network
	mu   sync.Mutex
	keys map[string]string // by region; guarded by mu
}

// Person makes somebody, by global's socket. The e-mail address is made of the name.
func (n *Network) Person(name string) *Person {
	n.t.Helper()
	p := &Person{
		Name: name, Email: strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@example.com", Password: rand.Text(),
		n: n, keys: map[string]string{},
	}
	r, err := n.Operator(Global).CreatePerson(n.t.Context(), connect.NewRequest(&pb.CreatePersonRequest{
		Email: p.Email, Name: p.Name, Password: p.Password,
	}))
	if err != nil {
		n.t.Fatalf("create person: %v", err)
	}
	p.ID = r.Msg.Person.Id
	return p
}

// Workspace makes a workspace by global's socket and returns its id when its region holds it.
func (n *Network) Workspace(owner *Person, plan, region string) string {
	n.t.Helper()
	r, err := n.Operator(Global).CreateWorkspace(n.t.Context(), connect.NewRequest(&pb.CreateWorkspaceRequest{
		Name: owner.Name + "'s in " + region, Owner: owner.ID, Region: region, Plan: plan,
	}))
	if err != nil {
		n.t.Fatalf("create workspace in %s: %v", region, err)
	}
	id := r.Msg.Workspace.Id
	Until(n.t, "workspace in "+region, func() error {
		_, err := n.Contents(region, id)
		return err
	})
	return id
}

// Contents returns what a region's node says of a workspace that it holds.
func (n *Network) Contents(region, workspace string) (*pb.Contents, error) {
	r, err := n.Operator(region).ShowWorkspace(n.t.Context(), connect.NewRequest(&pb.ShowWorkspaceRequest{Workspace: workspace}))
	if err != nil {
		return nil, err
	}
	if r.Msg.Workspace.Contents == nil {
		return nil, errors.New("the region does not hold the workspace")
	}
	return r.Msg.Workspace.Contents, nil
}

// Key returns the person's key in a region. It is made the first time, which needs the region to run and
// the person to have an account there.
func (p *Person) Key(region string) string {
	p.n.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if key := p.keys[region]; key != "" {
		return key
	}
	Until(p.n.t, "key in "+region, func() error {
		r, err := p.n.Operator(region).CreateKey(p.n.t.Context(), connect.NewRequest(&pb.CreateKeyRequest{Person: p.ID, Name: "test"}))
		if err != nil {
			return err
		}
		p.keys[region] = r.Msg.Secret
		return nil
	})
	return p.keys[region]
}

// Client returns a client of a region as this person.
func (p *Person) Client(region string) *client.Client {
	p.n.t.Helper()
	c, err := client.New(client.Options{BaseURL: p.n.Place(region).API, APIKey: p.Key(region), HTTP: p.n.http})
	if err != nil {
		p.n.t.Fatal(err)
	}
	return c
}

// shortDir returns a new directory in which the paths of unix sockets are short enough. It is kept when the
// test fails and keep is set.
func shortDir(t testing.TB, keep bool) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "d")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if keep && t.Failed() {
			t.Logf("kept: %s", dir)
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
