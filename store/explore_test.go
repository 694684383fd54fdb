package store

import (
	"fmt"
	"slices"
	"testing"

	"domicile/store/record"
)

// The explorer walks through every interleaving of transfers of one workspace
// between two cells, with messages lost, repeated, late and reordered. Headers
// change by the real table; directory and transfers are a sketch of the protocol.

const (
	maxWrites   = 2
	noTransfers = 4 // more than are made
)

// message kinds; a message of a transfer is sent or not, and may arrive at any
// later time, and again.
const (
	mOpen = iota
	mStage
	mUnlock
	mUnlocked
	mDrop
	mDropped
	mLock
	mLocked // and two more: one for each number of writes
	_
	_
	mCommit
	mCommitted
	mActivated
	mRetire
	mPurge
	mRetired
	mKinds
)

type phase uint8

const (
	pCopying phase = iota
	pCommitted
	pAborted
	pFailed
	pActivated
	pComplete
)

// cell is what of a header differs between the explored states.
type cell struct {
	state  State
	epoch  Epoch
	open   uint8 // attempt of the open T
	closed Attempt
	writes int8 // how many of the acknowledged writes it has; -1: none staged yet
}

type attempt struct {
	source uint8
	phase  phase
	epoch  Epoch
}

// world is one explored state; it is comparable.
type world struct {
	cells     [2]cell
	home      uint8
	epoch     Epoch
	made      uint8
	transfers [noTransfers]attempt
	messages  uint64
	acked     int8
}

type explorer struct {
	transfers int
	// tamper may spoil a change of a header, to see that the explorer notices.
	tamper func(before, after Header, op Op) Header
}

func (w *world) sent(kind int, t uint8) bool { return w.messages&(1<<(int(t)*mKinds+kind)) != 0 }

func (w world) send(kind int, t uint8) world {
	w.messages |= 1 << (int(t)*mKinds + kind)
	return w
}

func (w *world) name(t uint8) T {
	return T{Transfer: record.ID{t + 1}, Epoch: w.transfers[t].epoch, Attempt: Attempt(t + 1)}
}

// change changes a cell's header by the table; ok is false if it is refused.
func (e *explorer) change(w world, c uint8, op Op, t uint8) (world, bool) {
	before := Header{Workspace: record.ID{7}, State: w.cells[c].state, Epoch: w.cells[c].epoch, Attempt: w.cells[c].closed}
	if open := w.cells[c].open; open > 0 {
		name := w.name(open - 1)
		before.Open = &name
	}
	after, effects, err := before.next(&HeaderChange{Workspace: before.Workspace, Op: op, T: w.name(t), Incarnation: 1})
	if err != nil {
		return w, false
	}
	if e.tamper != nil {
		after = e.tamper(before, after, op)
	}
	now := cell{state: after.State, epoch: after.Epoch, closed: after.Attempt, writes: w.cells[c].writes}
	if after.Open != nil {
		now.open = uint8(after.Open.Attempt)
	}
	switch {
	case effects&erase != 0:
		now.writes = 0
	case before.State == StateAbsent && after.State == Staged:
		now.writes = -1
	}
	w.cells[c] = now
	return w, true
}

// steps returns every state that can follow.
func (e *explorer) steps(w world) []world {
	var next []world
	for c := range w.cells {
		// Routing may be stale: the cell alone decides about a write.
		if w.cells[c].state == Active && w.acked < maxWrites {
			n := w
			n.cells[c].writes++
			n.acked++
			next = append(next, n)
		}
	}
	underWay := false
	for t := range w.made {
		switch w.transfers[t].phase {
		case pCopying, pCommitted, pActivated, pAborted:
			underWay = true
		}
	}
	if int(w.made) < e.transfers && !underWay {
		n := w
		n.transfers[w.made] = attempt{w.home, pCopying, w.epoch}
		n.made++
		next = append(next, n.send(mOpen, w.made).send(mStage, w.made))
	}
	for t := range w.made {
		next = append(next, e.directory(w, t)...)
		for kind := range mKinds {
			if w.sent(kind, t) {
				if n, ok := e.receive(w, kind, t); ok {
					next = append(next, n)
				}
			}
		}
	}
	return next
}

// directory returns what the directory may do about a transfer on its own.
func (e *explorer) directory(w world, t uint8) []world {
	var next []world
	set := func(w world, p phase) world {
		w.transfers[t].phase = p
		return w
	}
	switch w.transfers[t].phase {
	case pCopying:
		next = append(next, set(w, pAborted).send(mUnlock, t).send(mDrop, t))
	case pAborted:
		if w.sent(mDropped, t) && w.sent(mUnlocked, t) {
			next = append(next, set(w, pFailed))
		}
	case pActivated:
		if w.sent(mRetired, t) {
			next = append(next, set(w, pComplete))
		}
	}
	destination := w.cells[1-w.transfers[t].source]
	if destination.state == Staged && destination.open == t+1 {
		next = append(next, w.send(mLock, t))
	}
	return next
}

// receive lets a message arrive.
func (e *explorer) receive(w world, kind int, t uint8) (world, bool) {
	source := w.transfers[t].source
	destination := 1 - source
	answer := func(c uint8, op Op, reply int) (world, bool) {
		n, ok := e.change(w, c, op, t)
		if ok && reply >= 0 {
			n = n.send(reply, t)
		}
		return n, ok
	}
	switch {
	case kind == mOpen:
		return answer(source, OpOpen, -1)
	case kind == mStage:
		return answer(destination, OpStage, -1)
	case kind == mLock:
		n, ok := e.change(w, source, OpLock, t)
		return n.send(mLocked+int(n.cells[source].writes), t), ok
	case kind >= mLocked && kind <= mLocked+maxWrites:
		d := &w.cells[destination]
		if d.state != Staged || d.open != t+1 {
			return w, false
		}
		d.writes = int8(kind - mLocked)
		return w.send(mCommit, t), true
	case kind == mCommit:
		if w.transfers[t].phase != pCopying {
			return w, false
		}
		w.transfers[t].phase = pCommitted
		w.home, w.epoch = destination, w.transfers[t].epoch+1
		return w.send(mCommitted, t), true
	case kind == mCommitted:
		return answer(destination, OpActivate, mActivated)
	case kind == mActivated:
		if w.transfers[t].phase != pCommitted {
			return w, false
		}
		w.transfers[t].phase = pActivated
		return w.send(mRetire, t), true
	case kind == mRetire:
		return answer(source, OpRetire, mPurge)
	case kind == mPurge:
		return answer(source, OpDrop, mRetired)
	case kind == mUnlock:
		if n, ok := answer(source, OpUnlock, mUnlocked); ok {
			return n, true
		}
		return answer(source, OpClose, mUnlocked)
	case kind == mDrop:
		return answer(destination, OpDrop, mDropped)
	}
	return w, false
}

// bad says what must never be true.
func (w *world) bad() string {
	if w.cells[0].state == Active && w.cells[1].state == Active {
		return "two cells serve"
	}
	for _, c := range w.cells {
		if c.state == Active && c.writes != w.acked {
			return "an acknowledged write is missing"
		}
		if c.open > 0 {
			if p := w.transfers[c.open-1].phase; p == pFailed || p == pComplete {
				return "a transfer that has ended is open"
			}
		}
	}
	return ""
}

// explore returns the first fault that it finds, and how many states there are.
func (e *explorer) explore() (string, int) {
	start := world{epoch: 1}
	start.cells[0] = cell{state: Active, epoch: 1}
	number := map[world]int{start: 0}
	states := []world{start}
	before := [][]int{nil} // by number: the states that lead to it
	for at := 0; at < len(states); at++ {
		for _, n := range e.steps(states[at]) {
			i, known := number[n]
			if !known {
				if fault := n.bad(); fault != "" {
					return fault, len(states)
				}
				i = len(states)
				number[n] = i
				states, before = append(states, n), append(before, nil)
			}
			before[i] = append(before[i], at)
		}
	}
	// From every state the workspace can come to serve, and every transfer to its end.
	for goal, reached := range map[string]func(w world) bool{
		"the workspace can serve": func(w world) bool { return w.cells[0].state == Active || w.cells[1].state == Active },
		"every transfer can end": func(w world) bool {
			return !slices.ContainsFunc(w.transfers[:w.made], func(a attempt) bool { return a.phase != pFailed && a.phase != pComplete })
		},
	} {
		if n := unreachable(states, before, reached); n > 0 {
			return fmt.Sprintf("not in all states it is true that %s: not in %d", goal, n), len(states)
		}
	}
	return "", len(states)
}

// unreachable counts the states from which no goal can be reached.
func unreachable(states []world, before [][]int, goal func(world) bool) int {
	reached := make([]bool, len(states))
	var queue []int
	for i, w := range states {
		if goal(w) {
			reached[i] = true
			queue = append(queue, i)
		}
	}
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, b := range before[i] {
			if !reached[b] {
				reached[b] = true
				queue = append(queue, b)
			}
		}
	}
	n := 0
	for _, ok := range reached {
		if !ok {
			n++
		}
	}
	return n
}

// S6: with the real table, transfers of a workspace back and forth never have
// two cells serve it, never lose an acknowledged write, and can always end.
func TestS6FencesHoldThroughTransfers(t *testing.T) {
	t.Parallel()
	fault, states := (&explorer{transfers: 3}).explore()
	if fault != "" {
		t.Error(fault)
	}
	if states < 1000 {
		t.Errorf("only %d states were explored", states)
	}
}

func TestExplorerNoticesBrokenFences(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]func(before, after Header, op Op) Header{
		"unlock does not close": func(before, after Header, op Op) Header {
			if op == OpUnlock || op == OpClose {
				after.Attempt = before.Attempt
			}
			return after
		},
		"drop is not remembered": func(before, after Header, op Op) Header {
			if op == OpDrop {
				after.Attempt = before.Attempt
			}
			return after
		},
		"lock lets the source serve": func(_, after Header, op Op) Header {
			if op == OpLock {
				after.State = Active
			}
			return after
		},
	} {
		if fault, states := (&explorer{transfers: 3, tamper: tamper}).explore(); fault == "" {
			t.Errorf("%s: no fault in %d states", name, states)
		}
	}
}
