package index

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a query's text. They keep a query's cost bounded, whoever asks.
const (
	maxText  = 1000 // bytes
	maxTerms = 32
	maxTypo  = 64 // letters of a word~: the automaton's states grow with it
)

// Manner says how a Term's words must occur.
type Manner uint8

// The manners of the query language.
const (
	Exact  Manner = iota // the word
	Phrase               // these words one after the other, in one field
	Prefix               // a word that begins like this
	Typo                 // the word, or one that differs by one typo
)

// Term is one thing that must occur in a record.
type Term struct {
	Manner Manner
	Words  []string // folded; one, but for phrases
}

// Parse reads a query's text. An empty text has no terms, and nothing to find
// is asked for; a text without a single word is an error, as is a quote that
// is not closed. Errors wrap ErrBadQuery.
func Parse(text string) ([]Term, error) {
	switch {
	case len(text) > maxText:
		return nil, fmt.Errorf("%w: text is longer than %d bytes", ErrBadQuery, maxText)
	case !utf8.ValidString(text):
		return nil, fmt.Errorf("%w: text is not UTF-8", ErrBadQuery)
	}
	var terms []Term
	rest := strings.TrimSpace(text)
	blank := rest == ""
	for rest != "" {
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			phrase, after, closed := strings.Cut(quoted, `"`)
			if !closed {
				return nil, fmt.Errorf("%w: a quote is not closed", ErrBadQuery)
			}
			terms, rest = append(terms, phraseTerm(phrase)...), after
		} else {
			end := strings.IndexFunc(rest, func(r rune) bool { return r == '"' || unicode.IsSpace(r) })
			if end < 0 {
				end = len(rest)
			}
			terms, rest = append(terms, chunkTerms(rest[:end])...), rest[end:]
		}
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
	}
	return terms, checkTerms(terms, blank)
}

func checkTerms(terms []Term, blank bool) error {
	if len(terms) == 0 && !blank {
		return fmt.Errorf("%w: text has no word", ErrBadQuery)
	}
	count := 0
	for _, t := range terms {
		count += len(t.Words)
		if t.Manner == Typo && utf8.RuneCountInString(t.Words[0]) > maxTypo {
			return fmt.Errorf("%w: a word with ~ is longer than %d letters", ErrBadQuery, maxTypo)
		}
	}
	if count > maxTerms {
		return fmt.Errorf("%w: text has more than %d words", ErrBadQuery, maxTerms)
	}
	return nil
}

// phraseTerm is the term of what stood in quotes; none if there is no word.
func phraseTerm(text string) []Term {
	found := words(text)
	if len(found) == 0 {
		return nil
	}
	t := Term{Phrase, make([]string, len(found))}
	for i, w := range found {
		t.Words[i] = w.term
	}
	if len(found) == 1 {
		t.Manner = Exact
	}
	return []Term{t}
}

// chunkTerms are the terms of what stood between spaces. A mark at its end
// belongs to its last word: in front-en* only en is a prefix.
func chunkTerms(chunk string) []Term {
	last := Exact
	switch chunk[len(chunk)-1] {
	case '*':
		last = Prefix
	case '~':
		last = Typo
	}
	var terms []Term
	for _, w := range words(chunk) {
		terms = append(terms, Term{Exact, []string{w.term}})
	}
	if n := len(terms); n > 0 {
		terms[n-1].Manner = last
	}
	return terms
}
