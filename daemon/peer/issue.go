package peer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Lifetimes. A node's is short because it is renewed by itself; the others are renewed by hand.
const (
	rootLife         = 10 * 365 * 24 * time.Hour
	intermediateLife = 2 * 365 * 24 * time.Hour
	nodeLife         = 90 * 24 * time.Hour
	backdate         = 5 * time.Minute // clocks of two nodes differ a little
)

// File names below the folder of a CA, and below the folder that Issue writes for a node.
const (
	RootCert = "ca.pem"
	RootKey  = "ca.key"
	NodeCert = "node.pem"
	NodeKey  = "node.key"
)

// InitCA makes the root of an installation in dir: ca.pem, to be given to every node, and ca.key, to be kept
// offline. It refuses with ErrExists where there is one: a second root would cut off every node.
func InitCA(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder of the CA: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, RootKey)); err == nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, RootKey), ErrExists)
	}
	t := template("Domicile root", rootLife)
	t.IsCA, t.BasicConstraintsValid, t.MaxPathLen = true, true, 1
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	return sign(t, nil, filepath.Join(dir, RootCert), filepath.Join(dir, RootKey))
}

// Issue writes a node's certificate, its key and the root certificate into out. The region's intermediate is
// made in the CA's folder when it is asked for the first time. Hosts are the names and IP addresses under
// which the node's internal port is reached.
func Issue(dir string, id Identity, hosts []string, out string) error {
	if err := id.Check(); err != nil {
		return err
	}
	root, err := loadSigner(filepath.Join(dir, RootCert), filepath.Join(dir, RootKey))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no CA in %s, make one with `domicile ca init`: %w", dir, err)
	}
	if err != nil {
		return err
	}
	region, err := intermediate(dir, root, id.Region)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return fmt.Errorf("make folder of the node's certificate: %w", err)
	}
	t := template(id.Region+"/"+id.Cell+"/"+id.Node, nodeLife)
	t.URIs = []*url.URL{{Scheme: scheme, Host: id.Region, Path: "/" + id.Cell + "/" + id.Node}}
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	if err := sign(t, region, filepath.Join(out, NodeCert), filepath.Join(out, NodeKey)); err != nil {
		return err
	}
	return writeFile(filepath.Join(out, RootCert), pemOf("CERTIFICATE", root.cert.Raw), 0o644)
}

// IssueServer writes a certificate for public host names, signed by the root of the CA in dir. It is for
// `domicile dev`, whose edge answers for the hosts that unmodified clients know; production has public ones.
func IssueServer(dir string, hosts []string, cert, key string) error {
	root, err := loadSigner(filepath.Join(dir, RootCert), filepath.Join(dir, RootKey))
	if err != nil {
		return err
	}
	t := template("Domicile dev edge", nodeLife)
	t.DNSNames = hosts
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return sign(t, root, cert, key)
}

func intermediate(dir string, root *signer, region string) (*signer, error) {
	cert, key := filepath.Join(dir, region+".pem"), filepath.Join(dir, region+".key")
	s, err := loadSigner(cert, key)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	t := template("Domicile "+region, intermediateLife)
	t.IsCA, t.BasicConstraintsValid, t.MaxPathLen, t.MaxPathLenZero = true, true, 0, true
	t.KeyUsage = x509.KeyUsageCertSign
	t.URIs = []*url.URL{{Scheme: scheme, Host: region}}
	if err := sign(t, root, cert, key); err != nil {
		return nil, err
	}
	return loadSigner(cert, key)
}

type signer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func template(name string, life time.Duration) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: now.Add(-backdate),
		NotAfter:  now.Add(life),
	}
}

// sign makes a key, signs t with by (nil: itself), and writes both; below an intermediate the certificate's
// file holds the chain, since the other side knows the root only.
func sign(t *x509.Certificate, by *signer, certFile, keyFile string) error {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return fmt.Errorf("draw serial number: %w", err)
	}
	t.SerialNumber = serial
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	if by == nil {
		by = &signer{t, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, by.cert, &key.PublicKey, by.key)
	if err != nil {
		return fmt.Errorf("sign certificate of %s: %w", t.Subject.CommonName, err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode key: %w", err)
	}
	chain := pemOf("CERTIFICATE", der)
	if by.cert.MaxPathLenZero {
		chain = append(chain, pemOf("CERTIFICATE", by.cert.Raw)...)
	}
	// The key first: a certificate without its key is of no use, and a reader waits for the certificate.
	if err := writeFile(keyFile, pemOf("PRIVATE KEY", raw), 0o600); err != nil {
		return err
	}
	return writeFile(certFile, chain, 0o644)
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// writeFile replaces name in one step, so that a node re-reading it never sees half of it.
func writeFile(name string, data []byte, mode os.FileMode) error {
	tmp := name + ".new"
	if err := os.WriteFile(tmp, data, mode); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(tmp, name); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func loadSigner(certFile, keyFile string) (*signer, error) {
	c, err := readPEM(certFile, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(c)
	if err != nil {
		return nil, fmt.Errorf("read certificate %s: %w", certFile, err)
	}
	k, err := readPEM(keyFile, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(k)
	if err != nil {
		return nil, fmt.Errorf("read key %s: %w", keyFile, err)
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("read key %s: not an ECDSA key", keyFile)
	}
	return &signer{cert, ec}, nil
}

func readPEM(name, kind string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	b, _ := pem.Decode(data)
	if b == nil || b.Type != kind {
		return nil, fmt.Errorf("read %s: no %s in it", name, kind)
	}
	return b.Bytes, nil
}
