package store

import (
	"context"

	"domicile/store/record"
)

// Verify placeholder
func (v *View) Verify(ctx context.Context, ws record.ID) error { return nil }
