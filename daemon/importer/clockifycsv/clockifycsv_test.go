package clockifycsv_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"domicile/daemon/importer/clockifycsv"
)

const head = `"Project","Client","Description","Task","User","Group","Email","Tags","Billable","Start Date","Start Time","End Date","End Time","Duration (h)","Duration (decimal)","Billable Rate (USD)","Billable Amount (USD)"` + "\n"

var american = clockifycsv.Layout{Date: clockifycsv.MonthDayYear, Time: clockifycsv.Hours12, Zone: time.UTC}

// line makes a row of the usual layout from what differs.
func line(startDate, startTime, endDate, endTime, duration string) string {
	return fmt.Sprintf("\"P\",\"C\",\"D\",\"T\",\"U\",\"\",\"u@example.com\",\"a, b\",\"Yes\",%q,%q,%q,%q,%q,\"\",\"75.00\",\"\"\n", startDate, startTime, endDate, endTime, duration)
}

func opener(text string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

func check(text string, l clockifycsv.Layout) (clockifycsv.Summary, []clockifycsv.Row, error) {
	var rows []clockifycsv.Row
	sum, err := clockifycsv.Check(opener(text), l, clockifycsv.Limits{}, func(r clockifycsv.Row) error {
		rows = append(rows, r)
		return nil
	})
	return sum, rows, err
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRowsAreReadWhateverTheWrapping(t *testing.T) {
	t.Parallel()
	plain := head + line("08/31/2025", "05:27:18 PM", "08/31/2025", "07:50:36 PM", "02:23:18")
	want := []clockifycsv.Row{{
		Row: 2, Line: 2, Project: "P", Client: "C", Description: "D", Task: "T", User: "U", Email: "u@example.com",
		Tags: []string{"a", "b"}, Billable: true, Start: time.Date(2025, 8, 31, 17, 27, 18, 0, time.UTC),
		Duration: 2*time.Hour + 23*time.Minute + 18*time.Second, HasRate: true, Rate: 7500, Currency: "USD",
	}}
	for name, text := range map[string]string{
		"plain": plain, "mark": "\ufeff" + plain, "crlf": strings.ReplaceAll(plain, "\n", "\r\n"),
		"gzip": zipped(t, plain), "gzip and mark": zipped(t, "\ufeff"+plain), "no last line end": strings.TrimSuffix(plain, "\n"),
		"other order": "Duration (h),END TIME,End Date,Start Time,Start Date,Billable,Tags,Email,User,Task,Description,Client,Project,Mood,Billable Rate (USD)\n" +
			`02:23:18,07:50:36 PM,08/31/2025,05:27:18 PM,08/31/2025,yes,"b,a , b,,",u@example.com,U,T,D,C,P,fine,75` + "\n",
	} {
		_, rows, err := check(text, american)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "other order" {
			rows[0].Tags = []string{rows[0].Tags[1], rows[0].Tags[0]}
		}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func TestV1CheckFindsWhatReaderWouldFind(t *testing.T) {
	t.Parallel()
	text := head + line("08/31/2025", "05:00:00 PM", "08/31/2025", "06:00:00 PM", "01:00:00") +
		"too,few\n" + line("08/32/2025", "05:00:00 PM", "08/31/2025", "06:00:00 PM", "01:00:00") +
		strings.Replace(line("08/31/2025", "05:00:00 PM", "08/31/2025", "06:00:00 PM", "01:00:00"), `"D"`, "\"two\nlines\"", 1) +
		strings.Replace(line("08/31/2025", "05:00:00 PM", "08/31/2025", "06:00:00 PM", "01:00:00"), "u@example.com", "nobody", 1)
	_, _, err := check(text, american)
	var found *clockifycsv.Problems
	if !errors.As(err, &found) {
		t.Fatalf("got %v, want *Problems", err)
	}
	want := []clockifycsv.Problem{
		{Row: 3, Line: 3, Message: "has 2 cells, the header has 17"},
		{Row: 4, Line: 4, Column: "Start Date", Message: "want a date as MM/DD/YYYY"},
		{Row: 6, Line: 7, Column: "Email", Message: "want an e-mail address"},
	}
	if diff := cmp.Diff(want, found.List); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := found.Error(); !strings.Contains(got, `row 6 (line 7), column "Email": want an e-mail address`) {
		t.Errorf("message: %s", got)
	}
}

func TestRowProblems(t *testing.T) {
	t.Parallel()
	good := line("08/31/2025", "05:00:00 PM", "08/31/2025", "06:00:00 PM", "01:00:00")
	for _, c := range []struct{ old, new, column, message string }{
		{`"P"`, `""`, "Task", "needs a project"},
		{`"P"`, `"` + strings.Repeat("p", 251) + `"`, "Project", "longer than 250"},
		{`"Yes"`, `"maybe"`, "Billable", "Yes or No"},
		{`"75.00"`, `"much"`, "Billable Rate", "amount"},
		{`"05:00:00 PM"`, `"17:00:00"`, "Start Time", "12h"},
		{`"06:00:00 PM"`, `"13:00:00 PM"`, "End Time", "12h"},
		{`"01:00:00"`, `"1h"`, "Duration (h)", "HH:MM:SS"},
		{`"01:00:00"`, `"-1:00:00"`, "Duration (h)", "HH:MM:SS"},
		{`"01:00:00"`, `"01:00:01"`, "End Time", "start plus the duration"},
		{`"D"`, "\"\x00\"", "Description", "zero byte"},
		{`"D"`, "\"\xff\"", "Description", "UTF-8"},
		{`"a, b"`, `"` + strings.Repeat("t", 101) + `"`, "Tags", "100"},
		{`"D"`, `"a"b"`, "", "quotes"},
	} {
		// The bad row stands far behind the sample that decides whether a file is text at all.
		text := head + strings.Repeat(good, 20) + strings.Replace(good, c.old, c.new, 1)
		_, _, err := check(text, american)
		var found *clockifycsv.Problems
		if !errors.As(err, &found) || len(found.List) != 1 {
			t.Errorf("%s: got %v, want one problem", c.new, err)
			continue
		}
		if p := found.List[0]; p.Row != 22 || p.Column != c.column || !strings.Contains(p.Message, c.message) {
			t.Errorf("%s: got %+v", c.new, p)
		}
	}
}

func TestV2LayoutIsGuessedOnlyIfNoChoiceIsLeft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dates []string
		date  clockifycsv.DateFormat
		err   string
	}{
		{[]string{"08/31/2025", "12/13/2025"}, clockifycsv.MonthDayYear, ""},
		{[]string{"31/08/2025"}, clockifycsv.DayMonthYear, ""},
		{[]string{"2025-08-31"}, clockifycsv.YearMonthDay, ""},
		{[]string{"01.02.2025"}, clockifycsv.DayDotMonth, ""},
		{[]string{"03/03/2025", "31/03/2025"}, clockifycsv.DayMonthYear, ""},
		{[]string{"03/03/2025"}, clockifycsv.MonthDayYear, ""},
		{[]string{"01/02/2025"}, "", "the dates are ambiguous: row 2 can be read as MM/DD/YYYY or as DD/MM/YYYY; say which"},
		{[]string{"08/31/2025", "01/02/2025"}, "", "the dates are ambiguous: row 3 can be read as MM/DD/YYYY or as DD/MM/YYYY; say which"},
		{[]string{"08/31/2025", "31/08/2025"}, "", "the dates are ambiguous: row 2 can only be read as MM/DD/YYYY, row 3 only as DD/MM/YYYY; say which"},
	} {
		text := head
		for _, d := range c.dates {
			text += line(d, "17:00", d, "18:00", "01:00:00")
		}
		sum, _, err := check(text, clockifycsv.Layout{})
		switch {
		case c.err != "":
			if err == nil || err.Error() != c.err {
				t.Errorf("%v: got error %v, want %s", c.dates, err, c.err)
			}
		case err != nil:
			t.Errorf("%v: %v", c.dates, err)
		case sum.Layout.Date != c.date || sum.Layout.Time != clockifycsv.Hours24:
			t.Errorf("%v: guessed %v", c.dates, sum.Layout)
		}
	}
	_, _, err := check(head+line("08/31/2025", "17:00", "08/31/2025", "18:00", "01:00:00")+line("08/31/2025", "05:00 PM", "08/31/2025", "06:00 PM", "01:00:00"), clockifycsv.Layout{})
	var ambiguous *clockifycsv.AmbiguousError
	if !errors.As(err, &ambiguous) || ambiguous.What != "times" {
		t.Errorf("mixed clocks: got %v", err)
	}
}

func TestV3EndAgreesButForADaylightSavingStep(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	l := clockifycsv.Layout{Date: clockifycsv.YearMonthDay, Time: clockifycsv.Hours24, Zone: berlin}
	for _, c := range []struct {
		startDate, start, endDate, end, duration string
		want                                     string // start in UTC; empty: a problem
	}{
		{"2025-07-01", "10:00:00", "2025-07-01", "11:00:00", "01:00:00", "2025-07-01T08:00:00Z"},
		{"2025-07-01", "10:00:00", "2025-07-01", "12:00:00", "01:00:00", ""},
		{"2025-03-30", "01:00:00", "2025-03-30", "04:00:00", "02:00:00", "2025-03-30T00:00:00Z"}, // forward, elapsed time
		{"2025-03-30", "01:00:00", "2025-03-30", "04:00:00", "03:00:00", "2025-03-30T00:00:00Z"}, // forward, difference of clocks
		{"2025-10-26", "01:00:00", "2025-10-26", "04:00:00", "04:00:00", "2025-10-25T23:00:00Z"}, // back, elapsed time
		{"2025-10-26", "01:00:00", "2025-10-26", "04:00:00", "03:00:00", "2025-10-25T23:00:00Z"}, // back, difference of clocks
		{"2025-10-26", "02:30:00", "2025-10-26", "03:30:00", "02:00:00", "2025-10-26T00:30:00Z"}, // the first 02:30
		{"2025-10-26", "02:30:00", "2025-10-26", "03:30:00", "01:00:00", "2025-10-26T01:30:00Z"}, // the second 02:30
		{"2025-03-30", "01:00:00", "2025-03-30", "04:00:00", "02:30:00", ""},
		{"2025-12-31", "23:30:00", "2026-01-01", "00:30:00", "01:00:00", "2025-12-31T22:30:00Z"},
	} {
		_, rows, err := check(head+line(c.startDate, c.start, c.endDate, c.end, c.duration), l)
		if c.want == "" {
			if err == nil {
				t.Errorf("%v: accepted as %v", c, rows[0].Start)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", c, err)
		} else if got := rows[0].Start.Format(time.RFC3339); got != c.want {
			t.Errorf("%v: start %s", c, got)
		}
	}
}

func TestV4SizesAreBounded(t *testing.T) {
	t.Parallel()
	good := line("08/31/2025", "05:00:00 PM", "08/31/2025", "06:00:00 PM", "01:00:00")
	bomb := zipped(t, head+strings.Repeat(good, 100)+strings.Repeat("\n", 8<<20))
	for name, c := range map[string]struct {
		text   string
		limits clockifycsv.Limits
	}{
		"rows":           {head + strings.Repeat(good, 11), clockifycsv.Limits{Rows: 10}},
		"bytes":          {head + strings.Repeat(good, 11), clockifycsv.Limits{Bytes: 1000}},
		"gzip bomb":      {bomb, clockifycsv.Limits{Bytes: 1 << 20}},
		"unclosed quote": {head + `"` + strings.Repeat("a,\n", 200<<10), clockifycsv.Limits{}},
	} {
		_, err := clockifycsv.Check(opener(c.text), american, c.limits, nil)
		if !errors.Is(err, clockifycsv.ErrTooLarge) {
			t.Errorf("%s: got %v, want ErrTooLarge", name, err)
		}
	}
	if _, err := clockifycsv.Check(opener(head+strings.Repeat(good, 10)), american, clockifycsv.Limits{Rows: 10}, nil); err != nil {
		t.Errorf("as many rows as allowed: %v", err)
	}
	if n := int64(len(head + good)); true {
		if _, err := clockifycsv.Check(opener(head+good), american, clockifycsv.Limits{Bytes: n}, nil); err != nil {
			t.Errorf("as many bytes as allowed: %v", err)
		}
	}
	_, err := clockifycsv.Check(opener(head+strings.Repeat("x\n", 100)), american, clockifycsv.Limits{Problems: 7}, nil)
	var found *clockifycsv.Problems
	if !errors.As(err, &found) || len(found.List) != 7 || !found.More {
		t.Errorf("got %v, want seven problems and more", err)
	}
}

func TestV5ErrorsDoNotRepeatCells(t *testing.T) {
	t.Parallel()
	const secret = "kumquat"
	good := line("08/31/2025", "05:00:00 PM", "08/31/2025", "06:00:00 PM", "01:00:00")
	texts := []string{secret, secret + ",\"x\n", head + "\"" + secret + "\"x,\n", strings.Replace(head, "Email", secret, 1) + good, head + secret + "\n"}
	for _, cell := range []string{`"P"`, `"u@example.com"`, `"Yes"`, `"08/31/2025"`, `"05:00:00 PM"`, `"06:00:00 PM"`, `"01:00:00"`, `"75.00"`} {
		texts = append(texts, head+strings.Replace(good, cell, `"`+secret+strings.Repeat(" "+secret, 60)+`"`, 1))
	}
	for _, text := range texts {
		for _, l := range []clockifycsv.Layout{american, {}} {
			_, _, err := check(text, l)
			if err == nil {
				t.Errorf("accepted: %.80s", text)
			} else if strings.Contains(err.Error(), secret) {
				t.Errorf("message repeats a cell: %v", err)
			}
		}
	}
}

func TestFilesThatAreNoReport(t *testing.T) {
	t.Parallel()
	whole := zipped(t, head+line("08/31/2025", "05:00:00 PM", "08/31/2025", "06:00:00 PM", "01:00:00"))
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":         {"", clockifycsv.ErrEmpty},
		"only a mark":   {"\ufeff", clockifycsv.ErrEmpty},
		"zip":           {"PK\x03\x04" + head, clockifycsv.ErrBinary},
		"zero bytes":    {head + "\x00\x00", clockifycsv.ErrBinary},
		"utf-16":        {"\xff\xfeP\x00r\x00", clockifycsv.ErrBinary},
		"noise":         {"\x7fELF\x02\x01\x01", nil},
		"cut gzip":      {whole[:len(whole)-5], clockifycsv.ErrGzip},
		"damaged gzip":  {whole[:30] + "\x00\x00\x00" + whole[33:], clockifycsv.ErrGzip},
		"gzip, no more": {"\x1f\x8b", clockifycsv.ErrGzip},
	} {
		_, _, err := check(c.text, american)
		if err == nil || (c.want != nil && !errors.Is(err, c.want)) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	_, _, err := check("Project,Description,User,Start Date,Start Date\n", american)
	want := `row 1 is not the header of Clockify's detailed report; columns missing: "Email", "Start Time", "End Date", "End Time", "Duration (h)"; present twice: "Start Date"`
	if err == nil || err.Error() != want {
		t.Errorf("header: got %v", err)
	}
}

func TestParseLayoutRefusesUnknownNames(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{{"YYYY/MM/DD", "", ""}, {"", "13h", ""}, {"", "", "Mars/Olympus"}, {"", "", "Local"}, {"", "", "../etc/passwd"}} {
		if _, err := clockifycsv.ParseLayout(c[0], c[1], c[2]); !errors.Is(err, clockifycsv.ErrLayout) {
			t.Errorf("%v: got %v", c, err)
		}
	}
	if l, err := clockifycsv.ParseLayout("DD.MM.YYYY", "24h", "Europe/Berlin"); err != nil || l.Zone.String() != "Europe/Berlin" {
		t.Errorf("got %v, %v", l, err)
	}
}

func FuzzCheck(f *testing.F) {
	good := line("08/31/2025", "05:00:00 PM", "08/31/2025", "06:00:00 PM", "01:00:00")
	for _, seed := range []string{"", head, head + good, "\ufeff" + head + good, head + "\"", zipped(f, head+good), strings.ReplaceAll(head+good, "\n", "\r\n")} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := clockifycsv.Limits{Bytes: 1 << 20, Rows: 1000, RowBytes: 64 << 10}
		sum, err := clockifycsv.Check(opener(string(data)), clockifycsv.Layout{}, limits, nil)
		if err != nil {
			return
		}
		r, err := clockifycsv.NewReader(bytes.NewReader(data), sum.Layout, limits)
		if err != nil {
			t.Fatalf("checked file does not open: %v", err)
		}
		rows := 0
		for {
			row, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("checked row fails: %v", err)
			}
			if row.Duration < 0 || row.Email == "" {
				t.Fatalf("row %d is not whole", row.Row)
			}
			rows++
		}
		if rows != sum.Rows {
			t.Fatalf("read %d rows, checked %d", rows, sum.Rows)
		}
	})
}
