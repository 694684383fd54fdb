package operator

import (
	"context"
	"errors"
	"time"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/store"
)

const (
	// settleFor is how long an answer waits for this region to have heard of what the directory decided.
	settleFor = 2 * time.Second
	// settleEvery is the pause between two looks.
	settleEvery = 50 * time.Millisecond
)

// settle waits until this region's mirror shows a write, so that the operator's next command finds it. The
// write is done in any case: a mirror that is slow is no error.
func (s *service) settle(ctx context.Context, r store.Revision) {
	if s.Mirrored == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, settleFor)
	defer cancel()
	if err := s.Mirrored(ctx, r); err != nil {
		s.Log.WarnContext(ctx, "mirror was behind after an operator's write")
	}
}

// soon repeats what fails because this region has not heard yet of a person or of their workspace here, as
// after commands on another region's socket.
func soon(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, settleFor)
	defer cancel()
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		err := do()
		if !errors.Is(err, directory.ErrNotFound) && !errors.Is(err, auth.ErrNoAccount) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}
