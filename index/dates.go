package index

import (
	"github.com/blevesearch/bleve/v2/analysis"
)

// A date is indexed as its second and as the spans of time that it lies in, so
// that a range is a few spans in its middle and seconds at its ends only. Bleve
// has numbers for this, with sixteen terms each; five are enough for dates.

// spanShifts are the lengths of spans, as powers of two of a second: about 68
// minutes, 36 hours, 48 days, 4 years.
var spanShifts = []uint{12, 17, 22, 27}

const (
	digits    = 7 // of 6 bits each: 42 bits hold the seconds of 10,000 years
	termWidth = digits + 1
)

// undatedTerm is in fieldSpan of what has no date; it sorts before all spans.
const undatedTerm = "-"

// sortable writes n in digits that sort as numbers do, none of them FF.
func sortable(b []byte, n int64) []byte {
	for shift := 6 * (digits - 1); shift >= 0; shift -= 6 {
		b = append(b, byte('0'+(n>>shift)&63))
	}
	return b
}

// secondTerm is a date's term in fieldSecond.
func secondTerm(date int64) string { return string(sortable(nil, date-minDate)) }

// parseSecond is the date of a term of fieldSecond.
func parseSecond(term []byte) int64 {
	var n int64
	for _, c := range term {
		n = n<<6 | int64(c-'0')
	}
	return n + minDate
}

// spanTerm is the term in fieldSpan of a span of one level.
func spanTerm(level int, n int64) []byte {
	return sortable([]byte{byte('a' + level)}, n)
}

// spanTerms are all of a date's terms in fieldSpan, one after the other.
func spanTerms(date int64) []byte {
	b := make([]byte, 0, termWidth*len(spanShifts))
	for level, shift := range spanShifts {
		b = append(b, spanTerm(level, (date-minDate)>>shift)...)
	}
	return b
}

// spanAnalyzer takes spanTerms apart.
type spanAnalyzer struct{}

// Analyze implements analysis.Analyzer.
func (spanAnalyzer) Analyze(b []byte) analysis.TokenStream {
	var tokens analysis.TokenStream
	for i := 0; i+termWidth <= len(b); i += termWidth {
		tokens = append(tokens, &analysis.Token{
			Term: b[i : i+termWidth], Start: i, End: i + termWidth, Position: len(tokens) + 1,
		})
	}
	return tokens
}

// termRange is a range of terms of one field, both ends included.
type termRange struct {
	field       string
	first, last []byte
}

// cover splits the dates from lo to before hi into ranges of terms: seconds up
// to where the smallest spans fit in, those up to where the next ones do, and
// so on, and the same from the other end.
func cover(lo, hi int64) []termRange {
	lo, hi = lo-minDate, hi-minDate
	ranges := []termRange{}
	add := func(level int, shift uint, from, to int64) {
		if from >= to {
			return
		}
		if level < 0 {
			ranges = append(ranges, termRange{fieldSecond, sortable(nil, from), sortable(nil, to-1)})
			return
		}
		ranges = append(ranges, termRange{fieldSpan, spanTerm(level, from>>shift), spanTerm(level, to>>shift-1)})
	}
	shift := uint(0)
	for level := -1; ; level++ {
		if level+1 == len(spanShifts) {
			add(level, shift, lo, hi)
			return ranges
		}
		next := spanShifts[level+1]
		size := int64(1) << next
		up, down := (lo+size-1)&^(size-1), hi&^(size-1)
		if up >= down {
			add(level, shift, lo, hi)
			return ranges
		}
		add(level, shift, lo, up)
		add(level, shift, down, hi)
		lo, hi, shift = up, down, next
	}
}
