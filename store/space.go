package store

// SpaceState says how full the disk is.
type SpaceState uint8

// The marks of a disk. Each includes what the ones before it stop.
const (
	SpaceAmple   SpaceState = iota
	SpaceLow                // below 10 %: no new transfers, imports or copies
	SpaceFull               // below 5 %: no puts; deletes and drops pass
	SpaceReserve            // below 2 % or 2 GiB, whichever is less: for compaction, the log and purges only
)

// String returns the mark's name.
func (s SpaceState) String() string { return name(s, "ample", "low", "full", "reserve") }

const reserveBytes = 2 << 30

// SpaceState compares the disk's free space with the marks. It is for those who
// propose: Apply does not ask, because nodes must not differ. Proposers refuse
// with ErrNoSpace, long before Pebble would meet a full disk.
func (d *DB) SpaceState() SpaceState {
	if d.o.Free == nil {
		return SpaceAmple
	}
	free, total := d.o.Free()
	switch percent := total / 100; {
	case free < min(2*percent, reserveBytes):
		return SpaceReserve
	case free < 5*percent:
		return SpaceFull
	case free < 10*percent:
		return SpaceLow
	}
	return SpaceAmple
}
