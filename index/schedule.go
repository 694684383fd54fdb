package index

import (
	"container/heap"
	"time"

	"domicile/store/record"
)

// schedule says which workspace is to be followed when. Each is in it once, and
// is not given out while it is being worked on.
type schedule struct {
	at    map[record.ID]time.Time
	busy  map[record.ID]bool
	queue dueQueue // may hold entries that at no longer agrees with
}

type due struct {
	at time.Time
	id record.ID
}

// dueQueue implements heap.Interface.
type dueQueue []due

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q dueQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *dueQueue) Push(x any)        { *q = append(*q, x.(due)) }
func (q *dueQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// add makes a workspace due at a time, unless it is due before.
func (s *schedule) add(id record.ID, at time.Time) {
	if s.at == nil {
		s.at, s.busy = make(map[record.ID]time.Time), make(map[record.ID]bool)
	}
	if already, ok := s.at[id]; ok && !at.Before(already) {
		return
	}
	s.at[id] = at
	if !s.busy[id] {
		heap.Push(&s.queue, due{at, id})
	}
}

// next takes a workspace that is due, and marks it busy. If there is none it
// says how long until there is one; 0 means until add or done is called.
func (s *schedule) next(now time.Time) (id record.ID, ok bool, wait time.Duration) {
	for len(s.queue) > 0 {
		first := s.queue[0]
		if at, ok := s.at[first.id]; !ok || !at.Equal(first.at) || s.busy[first.id] {
			heap.Pop(&s.queue)
			continue
		}
		if wait := first.at.Sub(now); wait > 0 {
			return id, false, wait
		}
		heap.Pop(&s.queue)
		delete(s.at, first.id)
		s.busy[first.id] = true
		return first.id, true, 0
	}
	return id, false, 0
}

// done ends the work on a workspace that next gave out.
func (s *schedule) done(id record.ID) {
	delete(s.busy, id)
	if at, ok := s.at[id]; ok {
		heap.Push(&s.queue, due{at, id})
	}
}
