package workspace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"domicile/store"
	"domicile/store/record"
)

const (
	sweepEvery = 10 * time.Minute
	sweepMost  = 500 // records in a transaction
)

// Run removes the answers to Idempotency-Keys a day after they were given,
// until ctx ends. A failed round is repeated by the next.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			_ = s.Sweep(ctx) // what is left is expired, and found by the next round
		}
	}
}

// Sweep removes what has expired in the workspaces that are active here.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		more, err := s.sweep(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// sweep removes one transaction's worth from each workspace, and says whether
// there is more.
func (s *Service) sweep(ctx context.Context) (bool, error) {
	v, err := s.View(ctx)
	if err != nil {
		return false, err
	}
	defer v.Close()
	more := false
	for h, err := range v.Headers() {
		if err != nil {
			return false, fmt.Errorf("list workspaces: %w", err)
		}
		if h.State != store.Active || h.Counts[record.Idempotency] == 0 {
			continue
		}
		expired, err := s.expired(v, h.Workspace, sweepMost)
		if err != nil {
			return false, err
		}
		if len(expired) == 0 {
			continue
		}
		more = more || len(expired) == sweepMost
		txn := &store.Txn{Workspace: h.Workspace, Epoch: h.Epoch, Deletes: expired}
		_, err = s.Cell.Submit(ctx, store.Command{Txn: txn})
		if err != nil && !errors.Is(err, store.ErrFenced) && !errors.Is(err, store.ErrLocked) {
			return false, fmt.Errorf("sweep %s: %w", h.Workspace, err)
		}
	}
	return more, nil
}

// expired are Idempotency-Keys of a workspace that are past their day.
func (s *Service) expired(v *store.View, workspace record.ID, most int) ([]record.Key, error) {
	now, err := record.Find(record.Idempotency, "expires").Prefix(record.TimeValue(s.Now()))
	if err != nil {
		return nil, fmt.Errorf("index expires: %w", err)
	}
	var keys []record.Key
	for e, err := range v.Index(workspace, record.Idempotency, "expires", store.Range{To: now}) {
		if err != nil {
			return nil, fmt.Errorf("read index expires: %w", err)
		}
		if keys = append(keys, record.Key{Kind: record.Idempotency, ID: e.ID}); len(keys) == most {
			break
		}
	}
	return keys, nil
}
