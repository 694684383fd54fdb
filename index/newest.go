package index

import (
	"context"
	"fmt"
)

// Sorting all that a common word finds costs its whole length, so newest comes
// another way: the newest dates first, and older ones until the page is full.

const (
	widen  = 4 // times as many in each window as in the one before
	coarse = 2 // of spanShifts: spans of 48 days, taken apart where they are full
	dense  = 8 // times the records wanted: full
)

// span is a part of time and how many records have a date in it.
type span struct {
	from, to int64 // dates, to excluded
	records  uint64
}

// newest fills t with the newest of so many hits.
func (f *finder) newest(ctx context.Context, t *top, total uint64) error {
	lo, hi := f.bounds()
	if f.after != nil {
		hi = min(hi, f.after.date+1)
	}
	records, err := f.reader.DocCount()
	if err != nil {
		return fmt.Errorf("count records: %w", err)
	}
	// If hits are spread evenly, the first window has twice those of a page.
	w := walk{f: f, t: t, want: max(f.few/4, 2*uint64(t.size)*(records/max(total, 1)+1))}
	if err := w.down(ctx, coarse, lo, hi); err != nil || len(t.heap) == t.size {
		return err
	}
	if !f.q.From.IsZero() || !f.q.To.IsZero() {
		return nil
	}
	none := []termRange{{fieldSpan, []byte(undatedTerm), []byte(undatedTerm)}}
	return f.eachDated(ctx, none, w.offer)
}

// walk goes back in time from window to window, until the page is full.
type walk struct {
	f    *finder
	t    *top
	want uint64 // records that the next window should have
}

// offer considers a record of a window, if it is a hit.
func (w *walk) offer(h hit) error {
	if w.f.found != nil && !w.f.found.has(h.number.Value()) {
		return nil
	}
	return w.t.offer(h)
}

// down walks from hi to lo by spans of one level, and by shorter ones where one
// has far more records than are wanted.
func (w *walk) down(ctx context.Context, level int, lo, hi int64) error {
	spans, err := w.f.spans(level, lo, hi)
	if err != nil {
		return err
	}
	for len(spans) > 0 && len(w.t.heap) < w.t.size {
		var next span
		next, spans = window(spans, w.want)
		from, to := max(next.from, lo), min(next.to, hi)
		if level > 0 && next.records > dense*w.want {
			err = w.down(ctx, level-1, from, to)
		} else {
			err = w.f.eachDated(ctx, cover(from, to), w.offer)
			w.want *= widen
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// spans lists the spans of a level from lo to hi that have records, oldest
// first.
func (f *finder) spans(level int, lo, hi int64) ([]span, error) {
	if lo >= hi {
		return nil, nil
	}
	shift := spanShifts[level]
	dict, err := f.reader.FieldDictRange(fieldSpan,
		spanTerm(level, (lo-minDate)>>shift), spanTerm(level, (hi-1-minDate)>>shift))
	if err != nil {
		return nil, fmt.Errorf("list dates: %w", err)
	}
	defer dict.Close()
	var spans []span
	for {
		e, err := dict.Next()
		if err != nil {
			return nil, fmt.Errorf("list dates: %w", err)
		}
		if e == nil {
			return spans, nil
		}
		from := (parseSecond([]byte(e.Term[1:]))-minDate)<<shift + minDate
		spans = append(spans, span{from, from + 1<<shift, e.Count})
	}
}

// window joins the newest spans until they have as many records as wanted, and
// gives those that are left.
func window(spans []span, want uint64) (span, []span) {
	last := len(spans) - 1
	w := spans[last]
	for last--; last >= 0 && w.records < want; last-- {
		w.from = spans[last].from
		w.records += spans[last].records
	}
	return w, spans[:last+1]
}
