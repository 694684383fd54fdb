package index

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// TestCoverIsTheRange checks that a date has a term in the ranges of cover
// exactly if it lies in between.
func TestCoverIsTheRange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		date := rapid.Int64Range(minDate, maxDate)
		near := rapid.Int64Range(-1<<24, 1<<24)
		lo := date.Draw(t, "lo")
		hi := max(minDate, min(lo+rapid.OneOf(near, date).Draw(t, "length"), maxDate+1))
		ranges := cover(lo, hi)
		for range 20 {
			d := min(max(rapid.SampledFrom([]int64{lo, hi, (lo + hi) / 2}).Draw(t, "base")+
				rapid.OneOf(near, rapid.Int64Range(-2, 2)).Draw(t, "offset"), minDate), maxDate)
			if got, want := covers(ranges, d), lo <= d && d < hi; got != want {
				t.Fatalf("%d in [%d, %d): %v", d, lo, hi, got)
			}
		}
	})
}

func covers(ranges []termRange, date int64) bool {
	terms := map[string][]string{fieldSecond: {secondTerm(date)}}
	for b := spanTerms(date); len(b) > 0; b = b[termWidth:] {
		terms[fieldSpan] = append(terms[fieldSpan], string(b[:termWidth]))
	}
	for _, r := range ranges {
		for _, term := range terms[r.field] {
			if bytes.Compare(r.first, []byte(term)) <= 0 && bytes.Compare([]byte(term), r.last) <= 0 {
				return true
			}
		}
	}
	return false
}

func TestSecondTermsSortAsDates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		date := rapid.Int64Range(minDate, maxDate)
		a, b := date.Draw(t, "a"), date.Draw(t, "b")
		if (a < b) != (secondTerm(a) < secondTerm(b)) || parseSecond([]byte(secondTerm(a))) != a {
			t.Fatalf("%d %q, %d %q", a, secondTerm(a), b, secondTerm(b))
		}
	})
}
