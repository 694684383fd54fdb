package index

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	word := func(w string) Term { return Term{Exact, []string{w}} }
	for _, c := range []struct {
		text string
		want []Term
	}{
		{"", nil},
		{"  ", nil},
		{"Fix  Login", []Term{word("fix"), word("login")}},
		{`"Fix the login"`, []Term{{Phrase, []string{"fix", "the", "login"}}}},
		{`"login"`, []Term{word("login")}},
		{`log* logni~`, []Term{{Prefix, []string{"log"}}, {Typo, []string{"logni"}}}},
		{`front-en*`, []Term{word("front"), {Prefix, []string{"en"}}}},
		{`a"b c"d`, []Term{word("a"), {Phrase, []string{"b", "c"}}, word("d")}},
		{`fix ... now`, []Term{word("fix"), word("now")}},
		{`"" fix`, []Term{word("fix")}},
		{`* fix`, []Term{word("fix")}},
		{`CAFE` + "\u0301" + `*`, []Term{{Prefix, []string{"café"}}}},
	} {
		got, err := Parse(c.text)
		if d := cmp.Diff(c.want, got); d != "" || err != nil {
			t.Errorf("Parse(%q): %v %s", c.text, err, d)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no word":         "?! ...",
		"open quote":      `fix "the login`,
		"not UTF-8":       "a\xffb",
		"too long":        strings.Repeat("a", maxText+1),
		"too many":        strings.Repeat("a ", maxTerms+1),
		"long phrase":     `"` + strings.Repeat("a ", maxTerms+1) + `"`,
		"long word~":      strings.Repeat("a", maxTypo+1) + "~",
		"empty quotes":    `""`,
		"mark on nothing": `*`,
	} {
		if _, err := Parse(text); !errors.Is(err, ErrBadQuery) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "login") {
			t.Errorf("%s: the error repeats the text: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", `fix "the login" log* logni~`, `"`, `a"b"`, "~*", "日本*", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		terms, err := Parse(text)
		if err != nil {
			if !errors.Is(err, ErrBadQuery) {
				t.Fatal(err)
			}
			return
		}
		for _, term := range terms {
			if len(term.Words) == 0 || term.Manner != Phrase && len(term.Words) != 1 {
				t.Fatalf("term %v", term)
			}
		}
		for _, s := range Highlight(text, text) {
			if s.Start < 0 || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("span %v of %d bytes", s, len(text))
			}
		}
	})
}

func TestHighlight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, text, want string }{
		{"login", "Fix the LOGIN, then login.", "Fix the [LOGIN], then [login]."},
		{`"the login"`, "the login of the login", "[the login] of [the login]"},
		{"log* fxi~", "Fix the log of logins", "[Fix] the [log] of [logins]"},
		{`"a b" "b c"`, "a b c", "[a b c]"},
		{"cafe\u0301", "Caf\u00e9 Cafe\u0301", "[Caf\u00e9] [Cafe\u0301]"},
		{"absent", "Fix", "Fix"},
		{`"open`, "open", "open"},
	} {
		var b strings.Builder
		end := 0
		for _, s := range Highlight(c.query, c.text) {
			b.WriteString(c.text[end:s.Start] + "[" + c.text[s.Start:s.End] + "]")
			end = s.End
		}
		b.WriteString(c.text[end:])
		if b.String() != c.want {
			t.Errorf("Highlight(%q, %q) = %s", c.query, c.text, b.String())
		}
	}
}
