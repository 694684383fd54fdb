package workspace

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"domicile/daemon/directory"
	"domicile/store"
)

// Contents is what a workspace's home says of what is in it, to its owner: enough to compare two copies.
type Contents struct {
	Plan          directory.Plan    `json:"plan"`
	Cell          string            `json:"cell"`
	State         string            `json:"state"`
	Epoch         uint64            `json:"epoch"`
	Revision      uint64            `json:"revision"`
	ContentDigest string            `json:"contentDigest" doc:"Hash of the set of live records."`
	StateDigest   string            `json:"stateDigest" doc:"The same with their revisions."`
	Counts        map[string]uint64 `json:"counts" doc:"Live records by kind."`
	Bytes         uint64            `json:"bytes" doc:"Of all documents."`
}

// contents reads the header that this region has of a workspace; nil if it has none.
func (s *Service) contents(ctx context.Context, w directory.Placed) (*Contents, error) {
	v, err := s.View(ctx)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	h, err := v.Header(w.Workspace.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read header of workspace %s: %w", w.Workspace.ID, err)
	}
	c := &Contents{
		Plan: w.Workspace.Plan, Cell: w.Home.Cell, State: h.State.String(), Epoch: uint64(h.Epoch), Revision: uint64(h.Revision),
		ContentDigest: hex.EncodeToString(h.ContentDigest[:]), StateDigest: hex.EncodeToString(h.StateDigest[:]),
		Counts: map[string]uint64{}, Bytes: h.Bytes,
	}
	for kind, n := range h.Counts {
		c.Counts[kind.String()] = n
	}
	return c, nil
}
