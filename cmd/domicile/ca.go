package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"domicile/daemon/peer"
)

// caFlags say where the authority is and where a node's files go.
type caFlags struct {
	dir, out           string
	region, cell, node string
	hosts              []string
}

func (a *app) caCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "ca", Short: "Make the internal certificates by which nodes know each other",
		Example: "  domicile ca init --dir ./ca", RunE: group,
	}
	c.AddCommand(a.caInitCommand(), a.caIssueCommand(), a.caRenewCommand())
	return c
}

func (a *app) caInitCommand() *cobra.Command {
	var f caFlags
	c := &cobra.Command{
		Use:     "init",
		Short:   "Make the root of an installation, to be kept offline",
		Example: "  domicile ca init --dir ./ca",
		Args:    cobra.NoArgs,
		RunE: a.run(func(context.Context, []string) error {
			if err := peer.InitCA(f.dir); err != nil {
				return err
			}
			fmt.Fprintf(a.err, "made %s; keep %s offline\n", filepath.Join(f.dir, peer.RootCert), filepath.Join(f.dir, peer.RootKey))
			return nil
		}),
	}
	c.Flags().StringVar(&f.dir, "dir", "ca", "folder of the authority")
	return c
}

func (a *app) caIssueCommand() *cobra.Command {
	var f caFlags
	c := &cobra.Command{
		Use:     "issue",
		Short:   "Issue a node's certificate",
		Example: "  domicile ca issue --dir ./ca --region eu --cell eu-1 --node a --host eu-a.internal.example --out ./eu-a",
		Args:    cobra.NoArgs,
		RunE: a.run(func(context.Context, []string) error {
			if f.region == "" || f.out == "" {
				return usage("--region and --out are needed")
			}
			if f.cell == "" {
				f.cell = f.region + "-1"
			}
			if _, err := os.Stat(filepath.Join(f.out, peer.NodeKey)); err == nil {
				return fmt.Errorf("%s: %w; `domicile ca renew` renews it", filepath.Join(f.out, peer.NodeKey), peer.ErrExists)
			}
			return a.issue(f)
		}),
	}
	c.Flags().StringVar(&f.dir, "dir", "ca", "folder of the authority")
	c.Flags().StringVar(&f.region, "region", "", "the node's region")
	c.Flags().StringVar(&f.cell, "cell", "", "the node's cell (default REGION-1)")
	c.Flags().StringVar(&f.node, "node", "a", "the node's name")
	c.Flags().StringArrayVar(&f.hosts, "host", nil, "name or address under which others reach the node; may be repeated (default 127.0.0.1, ::1, localhost)")
	c.Flags().StringVar(&f.out, "out", "", "folder for the node's files")
	return c
}

func (a *app) caRenewCommand() *cobra.Command {
	var f caFlags
	c := &cobra.Command{
		Use:     "renew",
		Short:   "Renew a node's certificate, for the same node and hosts",
		Long:    "Renew a node's certificate, for the same node and hosts. A running node takes up the new one without a restart.",
		Example: "  domicile ca renew --dir ./ca --out ./eu-a",
		Args:    cobra.NoArgs,
		RunE: a.run(func(context.Context, []string) error {
			if f.out == "" {
				return usage("--out is needed: the folder with the node's files")
			}
			if err := f.read(); err != nil {
				return err
			}
			return a.issue(f)
		}),
	}
	c.Flags().StringVar(&f.dir, "dir", "ca", "folder of the authority")
	c.Flags().StringVar(&f.out, "out", "", "folder with the node's files")
	return c
}

func (a *app) issue(f caFlags) error {
	if len(f.hosts) == 0 {
		f.hosts = []string{"127.0.0.1", "::1", "localhost"}
	}
	id := peer.Identity{Region: f.region, Cell: f.cell, Node: f.node}
	if err := id.Check(); err != nil {
		return usage("%v", err)
	}
	if err := peer.Issue(f.dir, id, f.hosts, f.out); err != nil {
		return err
	}
	fmt.Fprintf(a.err, "issued %s for node %s of cell %s in %s\n", filepath.Join(f.out, peer.NodeCert), f.node, f.cell, f.region)
	return nil
}

// read finds the node and the hosts in the certificate that there is; one that has ended will do.
func (f *caFlags) read() error {
	name := filepath.Join(f.out, peer.NodeCert)
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no certificate in %s; `domicile ca issue` issues the first one: %w", f.out, err)
	}
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return fmt.Errorf("read %s: not a PEM file", name)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if f.region, f.cell, f.node, err = nodeOf(cert); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	f.hosts = slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		f.hosts = append(f.hosts, ip.String())
	}
	return nil
}

// nodeOf reads the names of a node from its certificate; whoever uses the certificate verifies it.
func nodeOf(cert *x509.Certificate) (region, cell, node string, err error) {
	if len(cert.URIs) == 1 {
		u := cert.URIs[0]
		if cell, node, ok := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/"); ok && u.Scheme == "domicile" {
			return u.Host, cell, node, nil
		}
	}
	return "", "", "", peer.ErrIdentity
}
