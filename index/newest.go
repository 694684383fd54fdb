package index

import (
	"context"
	"fmt"
)

// Sorting all that a common word finds costs its whole length, so newest comes
// another way: the newest dates first, and older ones until the page is full.

const (
	firstWindow = 1024 // records that the first window is meant to hold
	widen       = 4    // times as many in each window as in the one before
	walkLevel   = 1    // of spanShifts: windows are made of spans of 36 hours
)

// span is a part of time and how many records have a date in it.
type span struct {
	from, to int64 // dates, to excluded
	records  uint64
}

// newest fills t with the newest hits.
func (f *finder) newest(ctx context.Context, t *top) error {
	lo, hi := f.bounds()
	if f.after != nil {
		hi = min(hi, f.after.date+1)
	}
	spans, err := f.spans(lo, hi)
	if err != nil {
		return err
	}
	for want := uint64(firstWindow); len(spans) > 0; want *= widen {
		var w span
		w, spans = window(spans, want)
		err := f.each(ctx, false, cover(max(w.from, lo), min(w.to, hi)), t.offer)
		if err != nil || len(t.heap) == t.size {
			return err
		}
	}
	if !f.q.From.IsZero() || !f.q.To.IsZero() {
		return nil
	}
	none := []termRange{{fieldSpan, []byte(undatedTerm), []byte(undatedTerm)}}
	return f.each(ctx, false, none, t.offer)
}

// spans lists the spans from lo to hi that have records, oldest first.
func (f *finder) spans(lo, hi int64) ([]span, error) {
	if lo >= hi {
		return nil, nil
	}
	shift := spanShifts[walkLevel]
	dict, err := f.reader.FieldDictRange(fieldSpan,
		spanTerm(walkLevel, (lo-minDate)>>shift), spanTerm(walkLevel, (hi-1-minDate)>>shift))
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
