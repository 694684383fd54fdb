package peer

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// Files say where a node's certificate, key and root certificate are.
type Files struct{ CA, Cert, Key string }

// Credentials are a node's certificate and the root it trusts, re-read when a file changes.
type Credentials struct {
	files Files
	self  Identity

	mu    sync.Mutex
	stamp [3]time.Time     // guarded by mu
	cert  *tls.Certificate // guarded by mu
	roots *x509.CertPool   // guarded by mu
	until time.Time        // guarded by mu
}

// Load reads the files. The certificate must name a node and be signed below the root.
func Load(f Files) (*Credentials, error) {
	c := &Credentials{files: f}
	if _, _, err := c.current(); err != nil {
		return nil, err
	}
	chain, err := c.verify(c.cert.Certificate, x509.ExtKeyUsageClientAuth)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", f.Cert, err)
	}
	if c.self, err = identify(chain); err != nil {
		return nil, fmt.Errorf("certificate %s: %w", f.Cert, err)
	}
	return c, nil
}

// Self names the node that the certificate was issued to.
func (c *Credentials) Self() Identity { return c.self }

// Expires says when the certificate in use ends.
func (c *Credentials) Expires() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.until
}

// current returns what is on disk now; files that can't be read or don't fit leave the former in use.
func (c *Credentials) current() (*tls.Certificate, *x509.CertPool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamp, err := c.stamps()
	if err == nil && (c.cert == nil || stamp != c.stamp) {
		err = c.read()
		c.stamp = stamp
	}
	if c.cert == nil {
		return nil, nil, err
	}
	return c.cert, c.roots, nil
}

func (c *Credentials) stamps() (s [3]time.Time, err error) {
	for i, name := range []string{c.files.CA, c.files.Cert, c.files.Key} {
		info, err := os.Stat(name)
		if err != nil {
			return s, fmt.Errorf("read certificate: %w", err)
		}
		s[i] = info.ModTime()
	}
	return s, nil
}

func (c *Credentials) read() error {
	cert, err := tls.LoadX509KeyPair(c.files.Cert, c.files.Key)
	if err != nil {
		return fmt.Errorf("read certificate %s: %w", c.files.Cert, err)
	}
	ca, err := os.ReadFile(c.files.CA)
	if err != nil {
		return fmt.Errorf("read root certificate: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return fmt.Errorf("read root certificate %s: no certificate in it", c.files.CA)
	}
	c.cert, c.roots, c.until = &cert, roots, cert.Leaf.NotAfter
	return nil
}

func (c *Credentials) verify(raw [][]byte, usage x509.ExtKeyUsage) ([]*x509.Certificate, error) {
	_, roots, err := c.current()
	if err != nil {
		return nil, err
	}
	if len(raw) == 0 {
		return nil, errors.New("no certificate was shown")
	}
	o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{usage}}
	var leaf *x509.Certificate
	for i, der := range raw {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("read certificate: %w", err)
		}
		if i == 0 {
			leaf = cert
		} else {
			o.Intermediates.AddCert(cert)
		}
	}
	chains, err := leaf.Verify(o)
	if err != nil {
		return nil, err
	}
	return chains[0], nil
}

// server is the TLS configuration of the internal port.
func (c *Credentials) server() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{protoRaft, protoRPC},
		ClientAuth: tls.RequireAnyClientCert, // verified below, against roots that may change
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			cert, _, err := c.current()
			return cert, err
		},
		// Resumption would skip the check below, and save nothing on connections this long-lived.
		SessionTicketsDisabled: true,
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			_, err := c.peer(raw, x509.ExtKeyUsageClientAuth)
			return err
		},
	}
}

// client is the TLS configuration of one outgoing connection; allowed judges who answered. A node is known
// by its identity, so the name that was dialled plays no part.
func (c *Credentials) client(proto string, allowed func(Identity) error) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{proto},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			cert, _, err := c.current()
			return cert, err
		},
		InsecureSkipVerify: true, // host names aren't what is verified: VerifyPeerCertificate does it all
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			id, err := c.peer(raw, x509.ExtKeyUsageServerAuth)
			if err != nil {
				return err
			}
			return allowed(id)
		},
	}
}

func (c *Credentials) peer(raw [][]byte, usage x509.ExtKeyUsage) (Identity, error) {
	chain, err := c.verify(raw, usage)
	if err != nil {
		return Identity{}, err
	}
	return identify(chain)
}
