package index

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestWordsAreUnicodeSegmentsNFCLowerCase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" .,;!? ", nil},
		{"Fix login", []string{"fix", "login"}},
		{"front-end v2.1", []string{"front", "end", "v2.1"}},
		{"don't", []string{"don't"}},
		{"Cafe\u0301 CAF\u00c9", []string{"caf\u00e9", "caf\u00e9"}},
		{"J\u030c", []string{"\u01f0"}},
		{"Ünïcode STRASSE straße", []string{"ünïcode", "strasse", "straße"}},
		{"3,14 10:30", []string{"3,14", "10", "30"}},
		{"日本", []string{"日", "本"}},
		{"Привет МИР", []string{"привет", "мир"}},
		{"canary7f3a9c", []string{"canary7f3a9c"}},
		{"ab\xffcd", []string{"ab", "cd"}},
	} {
		var got []string
		for _, w := range words(c.text) {
			got = append(got, w.term)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("words(%q): %s", c.text, d)
		}
	}
}

func TestOneTypo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"word", "word", true},
		{"word", "ward", true},
		{"word", "wrod", true},
		{"word", "wor", true},
		{"word", "sword", true},
		{"word", "wordy", true},
		{"word", "wodr", true},
		{"word", "wrdo", false},
		{"word", "wa", false},
		{"word", "drow", false},
		{"a", "", true},
		{"a", "b", true},
		{"ab", "ba", true},
		{"ab", "cd", false},
		{"日本", "本日", true},
		{"über", "uber", true},
		{"aba", "bab", false},
	} {
		if got := oneTypo(c.a, c.b); got != c.want {
			t.Errorf("oneTypo(%q, %q) = %v", c.a, c.b, got)
		}
		if got := oneTypo(c.b, c.a); got != c.want {
			t.Errorf("oneTypo(%q, %q) = %v", c.b, c.a, got)
		}
	}
}

// osa is the textbook distance that oneTypo is a short cut for.
func osa(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range b {
		d[0][j+1] = j + 1
	}
	for i := range a {
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			d[i+1][j+1] = min(d[i][j+1]+1, d[i+1][j]+1, d[i][j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d[i+1][j+1] = min(d[i+1][j+1], d[i-1][j-1]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

func TestOneTypoIsDistanceOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringOfN(rapid.SampledFrom([]rune("abé日")), 0, 5, -1).Draw(t, "a"),
			rapid.StringOfN(rapid.SampledFrom([]rune("abé日")), 0, 5, -1).Draw(t, "b")
		if got, want := oneTypo(a, b), osa([]rune(a), []rune(b)) <= 1; got != want {
			t.Fatalf("oneTypo(%q, %q) = %v", a, b, got)
		}
	})
}

func FuzzWords(f *testing.F) {
	for _, seed := range []string{"", "Fix login", "Cafe\u0301", "日本語 テスト", "\xff\xfe", "a\u200db", "👩‍👩‍👧 ok", "İ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, w := range words(text) {
			if w.start < end || w.end <= w.start || w.end > len(text) {
				t.Fatalf("word %d:%d after %d of %d bytes", w.start, w.end, end, len(text))
			}
			end = w.end
			if w.term == "" || !utf8.ValidString(w.term) || !norm.NFC.IsNormalString(w.term) {
				t.Fatalf("term %q is not folded", w.term)
			}
		}
		tokens := analyzer{}.Analyze([]byte(text))
		for i, w := range words(text) {
			if string(tokens[i].Term) != w.term || tokens[i].Position != i+1 {
				t.Fatalf("index sees %q where Match sees %q", tokens[i].Term, w.term)
			}
		}
	})
}

func TestCanaryIsOneWord(t *testing.T) {
	t.Parallel()
	canary := "canary" + strings.Repeat("0a9z", 8)
	if found := words("x " + canary + " y"); len(found) != 3 || found[1].term != canary {
		t.Fatalf("words: %v", found)
	}
}
