package index

import (
	"strings"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/tokenizer/unicode"
	"golang.org/x/text/unicode/norm"
)

// word is one word of a text: its folded form, and where it stands.
type word struct {
	term       string
	start, end int // bytes of the text
}

// words segments a text by Unicode's rules (UAX #29). The index, Parse, Match
// and Highlight all come here, so they cannot disagree about what a word is.
func words(text string) []word {
	tokens := segment([]byte(text))
	found := make([]word, len(tokens))
	for i, t := range tokens {
		found[i] = word{fold(t.Term), t.Start, t.End}
	}
	return found
}

// segment finds the words of a text, not folded yet. Bytes that are no UTF-8
// separate words; they are overwritten so that offsets stay what they are.
func segment(text []byte) analysis.TokenStream {
	if !utf8.Valid(text) {
		text = blank(text)
	}
	return unicode.NewUnicodeTokenizer().Tokenize(text)
}

// fold brings a word into the form that is compared: NFC and lower case. Lower
// case can undo NFC (J with caron has a composed form in lower case only), so
// it is normalised after it as well.
func fold(term []byte) string {
	if lowerASCII(term) {
		return string(term)
	}
	return norm.NFC.String(strings.ToLower(norm.NFC.String(string(term))))
}

func lowerASCII(term []byte) bool {
	for _, b := range term {
		if b >= utf8.RuneSelf || 'A' <= b && b <= 'Z' {
			return false
		}
	}
	return true
}

// blank copies text with each byte that is no UTF-8 made a space.
func blank(text []byte) []byte {
	clean := make([]byte, len(text))
	copy(clean, text)
	for i := 0; i < len(clean); {
		r, size := utf8.DecodeRune(clean[i:])
		if r == utf8.RuneError && size == 1 {
			clean[i] = ' '
		}
		i += size
	}
	return clean
}

// analyzer is words in the form that Bleve calls while it indexes.
type analyzer struct{}

// Analyze implements analysis.Analyzer.
func (analyzer) Analyze(text []byte) analysis.TokenStream {
	tokens := segment(text)
	for _, t := range tokens {
		if !lowerASCII(t.Term) {
			t.Term = []byte(fold(t.Term))
		}
	}
	return tokens
}

// oneTypo says whether two words are the same but for at most one typo: a
// letter too many, too few, another one, or two neighbours exchanged.
func oneTypo(a, b string) bool {
	x, y := []rune(a), []rune(b)
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	switch {
	case len(x) <= 1 && len(y) <= 1:
		return true
	case len(x) == 2 && len(y) == 2:
		return x[0] == y[1] && x[1] == y[0]
	}
	return false
}
