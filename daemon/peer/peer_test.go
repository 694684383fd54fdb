package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dialer(ctx context.Context, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// issue makes the certificate of a node below the CA in dir.
func issue(t *testing.T, dir string, id Identity) *Credentials {
	t.Helper()
	out := t.TempDir()
	if err := Issue(dir, id, []string{"127.0.0.1"}, out); err != nil {
		t.Fatal(err)
	}
	c, err := Load(Files{CA: filepath.Join(out, RootCert), Cert: filepath.Join(out, NodeCert), Key: filepath.Join(out, NodeKey)})
	if err != nil {
		t.Fatal(err)
	}
	if c.Self() != id {
		t.Fatalf("certificate names %v, want %v", c.Self(), id)
	}
	return c
}

func newCA(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := InitCA(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// serve runs a port whose internal service answers with the caller's identity.
func serve(t *testing.T, c *Credentials) *Port {
	t.Helper()
	p, err := Listen("127.0.0.1:0", PortOptions{Credentials: c, Raft: dialer})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- p.Run(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, err := p.Caller(r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusForbidden)
				return
			}
			_, _ = io.WriteString(w, id.String())
		}))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = p.Raft().Close()
	})
	return p
}

func call(t *testing.T, c *Credentials, region string, p *Port) (string, error) {
	t.Helper()
	tr := Transport(c, region, dialer)
	defer tr.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+p.Address()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := tr.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

func TestCallerIsNamedByItsCertificate(t *testing.T) {
	ca := newCA(t)
	p := serve(t, issue(t, ca, Identity{"global", "global-1", "a"}))
	got, err := call(t, issue(t, ca, Identity{"eu", "eu-1", "b"}), "global", p)
	if err != nil || got != "domicile://eu/eu-1/b" {
		t.Errorf("caller is %q, %v", got, err)
	}
	if _, err := call(t, issue(t, ca, Identity{"eu", "eu-1", "b"}), "uk", p); !errors.Is(err, ErrForeign) {
		t.Errorf("dialling uk and getting global: %v, want ErrForeign", err)
	}
}

func TestP1StrangersAreRefused(t *testing.T) {
	p := serve(t, issue(t, newCA(t), Identity{"global", "global-1", "a"}))
	other := issue(t, newCA(t), Identity{"global", "global-1", "b"})
	if _, err := call(t, other, "global", p); err == nil {
		t.Error("a node of another installation was served")
	}
	conn, err := tls.Dial("tcp", p.Address(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err == nil {
		// TLS 1.3 tells the client of a refusal with its first read.
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err = conn.Read(make([]byte, 1)); err == nil {
			t.Error("a caller without a certificate was served")
		}
		_ = conn.Close()
	}
	waitFor(t, func() bool { return p.Refused() >= 2 })
}

func TestP2IntermediateVouchesForItsRegionOnly(t *testing.T) {
	ca := newCA(t)
	_ = issue(t, ca, Identity{"eu", "eu-1", "a"})
	// Somebody who holds eu's intermediate signs a certificate that claims to be of uk.
	for _, ext := range []string{".pem", ".key"} {
		data, err := os.ReadFile(filepath.Join(ca, "eu"+ext))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(ca, "uk"+ext), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := t.TempDir()
	if err := Issue(ca, Identity{"uk", "uk-1", "a"}, nil, out); err != nil {
		t.Fatal(err)
	}
	_, err := Load(Files{CA: filepath.Join(out, RootCert), Cert: filepath.Join(out, NodeCert), Key: filepath.Join(out, NodeKey)})
	if !errors.Is(err, ErrIdentity) {
		t.Errorf("load = %v, want ErrIdentity", err)
	}
}

func TestP3RaftStaysWithinTheCell(t *testing.T) {
	ca := newCA(t)
	p := serve(t, issue(t, ca, Identity{"eu", "eu-1", "a"}))
	go func() {
		for {
			c, err := p.Raft().Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("x"))
			_ = c.Close()
		}
	}()
	mate := serve(t, issue(t, ca, Identity{"eu", "eu-1", "b"}))
	c, err := mate.Raft().Dial(raft.ServerAddress(p.Address()), 5*time.Second)
	if err != nil {
		t.Fatalf("a node of the cell was refused: %v", err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Errorf("read from a node of the cell: %v", err)
	}
	_ = c.Close()
	for _, id := range []Identity{{"eu", "eu-2", "a"}, {"uk", "eu-1", "a"}} {
		foreign := serve(t, issue(t, ca, id))
		if _, err := foreign.Raft().Dial(raft.ServerAddress(p.Address()), 5*time.Second); !errors.Is(err, ErrForeign) {
			t.Errorf("%v dialled raft: %v, want ErrForeign", id, err)
		}
		// And a foreign node that does not mind whom it talks to is refused by the other side.
		conn, err := dialTLS(t.Context(), dialer, p.Address(), issue(t, ca, id).client(protoRaft, func(Identity) error { return nil }))
		if err == nil {
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			if _, err := io.ReadFull(conn, make([]byte, 1)); err == nil {
				t.Errorf("%v spoke raft with eu-1", id)
			}
			_ = conn.Close()
		}
	}
}

func TestP4GarbageDisturbsNobody(t *testing.T) {
	ca := newCA(t)
	p := serve(t, issue(t, ca, Identity{"global", "global-1", "a"}))
	for _, junk := range []string{"", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff\x01", string(make([]byte, 100_000))} {
		c, err := net.Dial("tcp", p.Address())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, junk)
		_ = c.Close()
	}
	if _, err := call(t, issue(t, ca, Identity{"eu", "eu-1", "b"}), "global", p); err != nil {
		t.Errorf("an honest caller after garbage: %v", err)
	}
	waitFor(t, func() bool { return p.Refused() >= 4 })
}

func TestRenewedCertificateIsUsedWithoutRestart(t *testing.T) {
	ca, out := newCA(t), t.TempDir()
	id := Identity{"eu", "eu-1", "a"}
	f := Files{CA: filepath.Join(out, RootCert), Cert: filepath.Join(out, NodeCert), Key: filepath.Join(out, NodeKey)}
	if err := Issue(ca, id, nil, out); err != nil {
		t.Fatal(err)
	}
	c, err := Load(f)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := c.current()
	if err := Issue(ca, id, nil, out); err != nil {
		t.Fatal(err)
	}
	// Some file systems stamp by the tick of a clock: make sure that the change shows.
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(f.Cert, later, later); err != nil {
		t.Fatal(err)
	}
	after, _, err := c.current()
	if err != nil || before.Leaf.Equal(after.Leaf) {
		t.Errorf("the old certificate is still in use (%v)", err)
	}
	if err := os.WriteFile(f.Cert, []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	if kept, _, err := c.current(); err != nil || !kept.Leaf.Equal(after.Leaf) {
		t.Errorf("a broken file took the certificate away (%v)", err)
	}
}

func TestCAIsNeverMadeTwice(t *testing.T) {
	if err := InitCA(newCA(t)); !errors.Is(err, ErrExists) {
		t.Errorf("second root: %v, want ErrExists", err)
	}
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("condition was not met in 20 s")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
