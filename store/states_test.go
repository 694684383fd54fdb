package store

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"domicile/store/record"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var allStates = []State{StateAbsent, Active, Locked, Retired, Staged, Restored}

// S6: the table is what its golden file says, and its diagram is made from it.
func TestS6StateTable(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	edges := map[string][]string{}
	for _, row := range transitions {
		fmt.Fprintf(&b, "%-8s %-9s %-9s -> %-9s%s\n", row.op, row.claim, row.from, row.to, row.effects)
		if row.from != row.to {
			edge := fmt.Sprintf("%s --> %s", row.from, row.to)
			if label := row.op.String(); !slices.Contains(edges[edge], label) {
				edges[edge] = append(edges[edge], label)
			}
		}
	}
	b.WriteString("\nstateDiagram-v2\n")
	for _, from := range allStates {
		for _, to := range allStates {
			edge := fmt.Sprintf("%s --> %s", from, to)
			for _, label := range edges[edge] {
				fmt.Fprintf(&b, "    %s: %s\n", edge, label)
			}
		}
	}
	const path = "testdata/states.txt"
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("the table of states changed (-want +got):\n%s", diff)
	}
}

// S6: a workspace's state changes in the designed ways only.
func TestS6StateChangesAreTheDesigned(t *testing.T) {
	t.Parallel()
	designed := map[State][]State{
		StateAbsent: {Active, Staged, Restored},
		Active:      {Locked, StateAbsent},
		Locked:      {Active, Retired, StateAbsent},
		Retired:     {StateAbsent},
		Staged:      {Active, StateAbsent},
		Restored:    {Active, StateAbsent},
	}
	found := map[State]map[State]bool{}
	for _, row := range transitions {
		if row.from == row.to {
			continue
		}
		if found[row.from] == nil {
			found[row.from] = map[State]bool{}
		}
		found[row.from][row.to] = true
		if !slices.Contains(designed[row.from], row.to) {
			t.Errorf("%s leads from %s to %s", row.op, row.from, row.to)
		}
		// Records go by drop alone, and whenever a workspace becomes absent.
		if (row.to == StateAbsent) != (row.effects&erase != 0) || row.effects&erase != 0 && row.op != OpDrop {
			t.Errorf("%s leads from %s to %s with effects %s", row.op, row.from, row.to, row.effects)
		}
		if (row.from == Active || row.from == Locked) && row.to == StateAbsent && row.claim != ended {
			t.Errorf("%s (%s) ends a workspace that is %s", row.op, row.claim, row.from)
		}
	}
	for from, all := range designed {
		for _, to := range all {
			if !found[from][to] {
				t.Errorf("nothing leads from %s to %s", from, to)
			}
		}
	}
	seen := map[string]bool{}
	for _, row := range transitions {
		key := fmt.Sprint(row.op, row.claim, row.from)
		if seen[key] {
			t.Errorf("%s (%s) of a workspace that is %s has two rows", row.op, row.claim, row.from)
		}
		seen[key] = true
	}
}

// situations are headers of all states, with and without something open.
func situations() []Header {
	one := T{record.ID{1}, 5, 3}
	var all []Header
	for _, state := range allStates {
		for _, open := range []*T{nil, &one} {
			for _, revert := range []record.ID{{}, {9}} {
				for _, epoch := range []Epoch{0, 4, 5, 6} {
					if open != nil && !revert.IsZero() || !revert.IsZero() && state != Locked {
						continue
					}
					if open != nil && (epoch != open.Epoch || state == StateAbsent || state == Restored) {
						continue // no command leads there
					}
					all = append(all, Header{
						Workspace: record.ID{7}, State: state, Epoch: epoch, Attempt: 2, Open: open, Revert: revert,
						Session: 3, Incarnation: 1, Revision: 9, Counts: map[record.Kind]uint64{record.Tag: 1},
					})
				}
			}
		}
	}
	return all
}

func changes() []HeaderChange {
	var all []HeaderChange
	for op := Op(0); op <= OpConfirm+1; op++ {
		for _, t := range []T{{}, {record.ID{1}, 5, 3}, {record.ID{1}, 5, 4}, {record.ID{2}, 5, 3}, {record.ID{2}, 5, 2}, {record.ID{2}, 4, 1}, {record.ID{2}, 6, 5}, {record.ID{3}, 5, 0}} {
			for _, revert := range []record.ID{{}, {9}, {8}} {
				for _, epoch := range []Epoch{0, 5, 7} {
					for _, reason := range []Reason{ByTransfer, Deletion, Elsewhere, 9} {
						if reason != ByTransfer && op != OpDrop || !revert.IsZero() && op != OpLock && op != OpUnlock {
							continue // they don't look at it
						}
						all = append(all, HeaderChange{
							Workspace: record.ID{7}, Op: op, T: t, Revert: revert, Session: 3,
							Epoch: epoch, Reason: reason, Incarnation: 2,
						})
					}
				}
			}
		}
	}
	return all
}

// S6 and S10: every change of every header follows a row or is refused with a
// refusal, and never lowers a fence.
func TestS6FencesNeverFall(t *testing.T) {
	t.Parallel()
	used := map[*transition]bool{}
	for _, h := range situations() {
		for _, c := range changes() {
			next, effects, err := h.next(&c)
			if err != nil {
				if !slices.ContainsFunc([]error{ErrInvalid, ErrFenced, ErrLocked, ErrNotFound, ErrExists}, func(s error) bool { return errors.Is(err, s) }) {
					t.Fatalf("%+v of %+v: %v is not a refusal", c, h, err)
				}
				if !reflect.DeepEqual(h, next) {
					t.Fatalf("%+v of %+v was refused and changed it to %+v", c, h, next)
				}
				continue
			}
			row := find(c.Op, h.claim(&c), h.State)
			used[row] = true
			if next.State != row.to || effects != row.effects {
				t.Fatalf("%+v of %+v does not follow its row", c, h)
			}
			if next.Attempt < h.Attempt || next.Session < h.Session {
				t.Fatalf("%+v lowers a fence of %+v: %+v", c, h, next)
			}
			// Of what was dropped after it was only being copied, the epoch goes back
			// to the one before; nothing else lowers it.
			if next.Epoch < h.Epoch && effects&epochBack == 0 {
				t.Fatalf("%+v lowers the epoch of %+v: %+v", c, h, next)
			}
			// A change that was made may be repeated, and changes nothing more.
			if again, _, err := next.next(&c); err != nil || !reflect.DeepEqual(next, again) {
				t.Fatalf("%+v of %+v, repeated, leads from %+v to %+v, %v", c, h, next, again, err)
			}
		}
	}
	for i := range transitions {
		if !used[&transitions[i]] {
			t.Errorf("no situation reaches row %+v", transitions[i])
		}
	}
}

// S6: a transfer that was closed stays closed: nothing opens, stages or locks
// for it again.
func TestS6ClosedTransfersStayClosed(t *testing.T) {
	t.Parallel()
	for _, h := range situations() {
		for _, c := range changes() {
			if c.Op != OpOpen && c.Op != OpStage && c.Op != OpLock || !c.Revert.IsZero() || c.T.Attempt > h.Attempt {
				continue
			}
			if h.Open != nil && *h.Open == c.T {
				continue
			}
			if next, err := h.Next(c); err == nil {
				t.Errorf("%+v of %+v leads to %+v", c, h, next)
			}
		}
	}
}

func (e effect) String() string {
	var b bytes.Buffer
	for i, name := range []string{"begin", "remember", "release", "note", "note-epoch", "end-session", "epoch-on", "epoch-back", "erase"} {
		if e&(1<<i) != 0 {
			b.WriteString(" " + name)
		}
	}
	return b.String()
}
