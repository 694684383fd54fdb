package store

import "testing"

func TestSpaceMarks(t *testing.T) {
	t.Parallel()
	const mib, gib = 1 << 20, 1 << 30
	for _, tc := range []struct {
		free, total uint64
		want        SpaceState
	}{
		{11 * mib, 100 * mib, SpaceAmple},
		{9 * mib, 100 * mib, SpaceLow},
		{4 * mib, 100 * mib, SpaceFull},
		{1 * mib, 100 * mib, SpaceReserve},
		{9 * gib, 1000 * gib, SpaceAmple},
		{7 * gib, 1000 * gib, SpaceLow},
		{3 * gib, 1000 * gib, SpaceFull},
		{1 * gib, 1000 * gib, SpaceReserve},
		{0, 0, SpaceAmple}, // a system that does not say
	} {
		if got := spaceState(tc.free, tc.total); got != tc.want {
			t.Errorf("%d of %d bytes free: %s, want %s", tc.free, tc.total, got, tc.want)
		}
	}
}
