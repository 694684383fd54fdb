package auth

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"domicile/store"
	"domicile/store/record"
)

const (
	// usedEvery is how coarsely a key's last use is recorded: a use is a write.
	usedEvery = time.Hour
	// sweepEvery is how often expired sessions are removed. They are refused from the moment they expire.
	sweepEvery = 10 * time.Minute
)

// Run records when keys were last used and removes expired sessions, until ctx ends, and then returns nil.
// What it cannot write it logs and leaves for later.
func (a *Auth) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case key := <-a.touched:
			err = a.recordUse(ctx, key)
		case <-ticker.C:
			err = a.removeExpired(ctx)
		}
		if err != nil && ctx.Err() == nil {
			a.o.Log.Warn("region's credentials could not be tended", slog.String("region", string(a.o.Region)), slog.Any("err", err))
		}
	}
}

// touch asks Run to record a key's use, at most once an hour. When Run is behind, the use is forgotten: the
// next one asks again.
func (a *Auth) touch(key record.ID) {
	now := a.o.Now()
	if last, ok := a.used.GetIfPresent(key); ok && now.Sub(last) < usedEvery {
		return
	}
	select {
	case a.touched <- key:
		a.used.Set(key, now)
	default:
	}
}

func (a *Auth) recordUse(ctx context.Context, key record.ID) error {
	return a.write(ctx, func(v *store.View, c *change) error {
		k, revision, err := get[keyDoc](v, record.APIKey, key)
		if errors.Is(err, store.ErrNotFound) {
			return nil // revoked meanwhile
		}
		if err != nil {
			return err
		}
		k.LastUsed = a.o.Now().UTC().Truncate(time.Second)
		c.If = append(c.If, store.At(record.Key{Kind: record.APIKey, ID: key}, revision))
		return c.put(record.APIKey, key, k)
	})
}

func (a *Auth) removeExpired(ctx context.Context) error {
	return a.sweep(ctx, func(v *store.View) ([]record.ID, error) {
		now := record.TimeValue(a.o.Now().Add(time.Millisecond)) // the bound is exclusive
		return ids(v, record.Session, "expires", sweepStep, &now)
	})
}
