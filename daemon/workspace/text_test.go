package workspace

import (
	"strings"
	"testing"
	"time"

	"domicile/store/record"
)

func TestDurationsAreWholeSecondsAndHoursAtMost(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "PT0S", time.Second: "PT1S", time.Minute: "PT1M", time.Hour: "PT1H", -time.Hour: "PT0S",
		36*time.Hour + 5*time.Minute + 3*time.Second: "PT36H5M3S",
		time.Hour + 900*time.Millisecond:             "PT1H",
		3*time.Hour + 4*time.Second:                  "PT3H4S",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
	for text, want := range map[string]time.Duration{
		"PT0S": 0, "PT36H5M3S": 36*time.Hour + 5*time.Minute + 3*time.Second, "P1DT2H": 26 * time.Hour, "P2D": 48 * time.Hour,
		"PT90M": 90 * time.Minute, "PT3600S": time.Hour,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s is %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "P", "PT", "1H", "PT1", "PTH", "P1H", "PT1D", "PT1S1M", "PT1H1H", "PT1.5H", "P1W", "P1M", "P1Y", "-PT1H", "PT-1H",
		"PT1HT1M", "PT99999999999999999999H", "PT999999999999H", "P1DT", " PT1H", "pt1h",
	} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"PT1H2M3S", "P1DT2H", "PT", "PT0S", "P999999999999D"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		if d < 0 || d%time.Second != 0 {
			t.Fatalf("%q is %v", s, d)
		}
		if again, err := ParseDuration(Duration(d)); err != nil || again != d {
			t.Fatalf("%q is %v, written %s, read %v, %v", s, d, Duration(d), again, err)
		}
	})
}

func TestInstants(t *testing.T) {
	t.Parallel()
	belgrade, err := time.LoadLocation("Europe/Belgrade")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-08-08T00:00:00Z":          "2026-08-08T00:00:00Z",
		"2026-08-08T00:00:00.999Z":      "2026-08-08T00:00:00Z",
		"2026-08-08T02:00:00+02:00":     "2026-08-08T00:00:00Z",
		"2026-08-08T02:00:00.5+0200":    "2026-08-08T00:00:00Z",
		"2026-08-08T02:00+02:00":        "2026-08-08T00:00:00Z",
		"2026-08-08T02:00:00":           "2026-08-08T00:00:00Z",
		"2026-08-08 02:00:00":           "2026-08-08T00:00:00Z",
		"2026-08-08T02:00":              "2026-08-08T00:00:00Z",
		"2026-08-08":                    "2026-08-07T22:00:00Z",
		"2026-01-08":                    "2026-01-07T23:00:00Z",
		"2024-02-29T00:00:00.000+00:00": "2024-02-29T00:00:00Z",
	} {
		if got, ok := ParseInstant(text, belgrade); !ok || Instant(got) != want {
			t.Errorf("%s is %s, want %s", text, Instant(got), want)
		}
	}
	for _, text := range []string{
		"", "now", "2026", "2026-02-29", "2026-02-30T00:00:00Z", "2026-04-31", "2026-13-01", "2026-08-08T24:00:00Z", "2026-08-08T00:60:00Z",
		"1969-12-31T23:59:59Z", "2201-01-01", "0000-00-00", "20260808", "08/08/2026", "2026-08-08T00:00:00Z ", "1770000000",
	} {
		if got, ok := ParseInstant(text, time.UTC); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func FuzzParseInstant(f *testing.F) {
	for _, s := range []string{"2026-08-08T00:00:00Z", "2026-08-08", "2026-08-08T02:00:00.5+02:00", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := ParseInstant(s, time.UTC)
		if !ok {
			return
		}
		if again, ok := ParseInstant(Instant(at), time.UTC); !ok || !again.Equal(at) {
			t.Fatalf("%q is %v, written %s, read %v", s, at, Instant(at), again)
		}
	})
}

func TestDerivedFieldsAreSplicedIn(t *testing.T) {
	t.Parallel()
	derived := []Derived{{"a", []byte("1")}, {"b", []byte(`"x"`)}}
	for doc, want := range map[string]string{
		`{}`:        `{"a":1,"b":"x"}`,
		`{"c":{}}`:  `{"c":{},"a":1,"b":"x"}`,
		`{"c":[1]}`: `{"c":[1],"a":1,"b":"x"}`,
	} {
		if got := string(Document{Doc: []byte(doc), Derived: derived}.AppendTo(nil)); got != want {
			t.Errorf("%s is %s, want %s", doc, got, want)
		}
		if got := string(Document{Doc: []byte(doc)}.AppendTo([]byte("["))); got != "["+doc {
			t.Errorf("%s alone is %s", doc, got)
		}
	}
}

func TestTakeStopsAfterThePage(t *testing.T) {
	t.Parallel()
	read := 0
	ids := func(yield func(record.ID, error) bool) {
		for i := range byte(10) {
			read++
			if !yield(record.ID{11: i}, nil) {
				return
			}
		}
	}
	for _, row := range []struct {
		page  Page
		first byte
		n     int
		last  bool
		read  int
	}{
		{Page{1, 4}, 0, 4, false, 5},
		{Page{2, 4}, 4, 4, false, 9},
		{Page{3, 4}, 8, 2, true, 10},
		{Page{4, 4}, 0, 0, true, 10},
		{Page{1, 10}, 0, 10, true, 10},
	} {
		read = 0
		page, last, err := take(ids, row.page)
		if err != nil || len(page) != row.n || last != row.last || read != row.read || row.n > 0 && page[0][11] != row.first {
			t.Errorf("%+v: %v, last %v, read %d, %v", row.page, page, last, read, err)
		}
	}
}

func TestRatesComeFromTheNearest(t *testing.T) {
	t.Parallel()
	if r := firstRate("EUR"); r != nil {
		t.Errorf("nothing is %v", r)
	}
	if err := checkText("x", strings.Repeat("ü", 5), 5); err != nil {
		t.Error(err)
	}
	if err := checkText("x", strings.Repeat("ü", 6), 5); err == nil {
		t.Error("six are not five")
	}
	if err := checkText("x", "a\tb\nc", 5); err != nil {
		t.Error(err)
	}
}
