package store

// SpaceState says how full the disk is.
type SpaceState uint8

// The marks of a disk. Each includes what the ones before it stop.
const (
	SpaceAmple   SpaceState = iota
	SpaceLow                // below 10 %, or 8 GiB if that is less: no new transfers, imports or copies
	SpaceFull               // below 5 %, or 4 GiB: no puts; deletes and drops pass
	SpaceReserve            // below 2 %, or 2 GiB: for compaction, the log and purges only
)

// String returns the mark's name.
func (s SpaceState) String() string { return name(s, "ample", "low", "full", "reserve") }

// SpaceState compares the disk's free space with the marks. It is for those who
// propose: Apply does not ask, because nodes must not differ. Proposers refuse
// with ErrNoSpace, long before Pebble would meet a full disk.
func (d *DB) SpaceState() SpaceState {
	if d.o.Free == nil {
		return SpaceAmple
	}
	return spaceState(d.o.Free())
}

// spaceState is bounded by bytes too: a share of a large disk is far more than
// compaction and log ever need.
func spaceState(free, total uint64) SpaceState {
	const gib = 1 << 30
	switch percent := total / 100; {
	case free < min(2*percent, 2*gib):
		return SpaceReserve
	case free < min(5*percent, 4*gib):
		return SpaceFull
	case free < min(10*percent, 8*gib):
		return SpaceLow
	}
	return SpaceAmple
}
