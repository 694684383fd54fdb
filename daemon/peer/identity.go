package peer

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Errors of this package.
var (
	// ErrIdentity means that a certificate names no node, or one that its issuer may not vouch for.
	ErrIdentity = errors.New("certificate names no node of this installation")
	// ErrForeign means that the other side is a node, but not one that may speak this protocol here.
	ErrForeign = errors.New("node is of another cell")
	// ErrExists means that a file which must never be overwritten is there already.
	ErrExists = errors.New("file exists already")
)

const scheme = "domicile"

var part = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Identity names a node: its region, its cell, itself.
type Identity struct{ Region, Cell, Node string }

// String returns the URI form, domicile://REGION/CELL/NODE.
func (i Identity) String() string {
	return scheme + "://" + i.Region + "/" + i.Cell + "/" + i.Node
}

// SameCell says whether both are of one cell.
func (i Identity) SameCell(o Identity) bool { return i.Region == o.Region && i.Cell == o.Cell }

// Check says what is wrong with the names; each is 1 to 63 of a–z, 0–9 and "-".
func (i Identity) Check() error {
	for _, p := range []struct{ what, name string }{{"region", i.Region}, {"cell", i.Cell}, {"node", i.Node}} {
		if !part.MatchString(p.name) {
			return fmt.Errorf("%s name %q: use 1 to 63 of a-z, 0-9 and -, not starting with -", p.what, p.name)
		}
	}
	return nil
}

// identify reads the identity of a verified chain and holds the issuer to its region (P2).
func identify(chain []*x509.Certificate) (Identity, error) {
	if len(chain) < 2 {
		return Identity{}, fmt.Errorf("chain of %d: %w", len(chain), ErrIdentity)
	}
	leaf, issuer := uriOf(chain[0]), uriOf(chain[1])
	if leaf == nil || issuer == nil {
		return Identity{}, ErrIdentity
	}
	names := strings.Split(strings.TrimPrefix(leaf.Path, "/"), "/")
	if len(names) != 2 {
		return Identity{}, ErrIdentity
	}
	id := Identity{Region: leaf.Host, Cell: names[0], Node: names[1]}
	if err := id.Check(); err != nil {
		return Identity{}, fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	if issuer.Host != id.Region || strings.Trim(issuer.Path, "/") != "" {
		return Identity{}, fmt.Errorf("%w: issuer is of region %q", ErrIdentity, issuer.Host)
	}
	return id, nil
}

func uriOf(c *x509.Certificate) *url.URL {
	if len(c.URIs) != 1 || c.URIs[0].Scheme != scheme {
		return nil
	}
	return c.URIs[0]
}
