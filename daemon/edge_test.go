package daemon

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"domicile/daemon/peer"
)

// startEdge runs an edge in front of one region that answers with the host it was asked for.
func startEdge(t *testing.T) (address string, roots *x509.CertPool) {
	t.Helper()
	region := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s", r.Host, r.URL.Path)
	}))
	t.Cleanup(region.Close)
	dir := t.TempDir()
	if err := peer.InitCA(dir); err != nil {
		t.Fatal(err)
	}
	cert, key := filepath.Join(dir, "edge.pem"), filepath.Join(dir, "edge.key")
	if err := peer.IssueServer(dir, []string{"euc1.clockify.me"}, cert, key); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, peer.RootCert))
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := newEdge(func(host string) (string, bool) {
		return region.Listener.Addr().String(), host == "euc1.clockify.me"
	}, &pair, discard())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), roots
}

func TestEdgeServesItsHostsAndNoOthers(t *testing.T) {
	t.Parallel()
	address, roots := startEdge(t)
	proxy := &url.URL{Scheme: "http", Host: address}
	client := &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}}
	defer client.CloseIdleConnections()
	get := func(address string) (string, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(r)
		if err != nil {
			return "", err
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		return fmt.Sprint(res.StatusCode, " ", string(body)), err
	}
	for _, u := range []string{"https://euc1.clockify.me/api/v1/user", "http://euc1.clockify.me/api/v1/user"} {
		if got, err := get(u); err != nil || got != "200 euc1.clockify.me /api/v1/user" {
			t.Errorf("%s by proxy: %q, %v", u, got, err)
		}
	}
	if _, err := get("https://example.com/"); err == nil || !strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("CONNECT to another host: %v, want Forbidden", err)
	}
	if got, err := get("http://example.com/"); err != nil || !strings.HasPrefix(got, "403 ") {
		t.Errorf("GET of another host: %q, %v, want 403", got, err)
	}
}

func TestEdgeRoutesByHost(t *testing.T) {
	t.Parallel()
	address, _ := startEdge(t)
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "GET /api/v1/user HTTP/1.1\r\nHost: EUC1.clockify.me:443\r\nConnection: close\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d, want 200", res.StatusCode)
	}
}
