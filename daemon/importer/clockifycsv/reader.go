package clockifycsv

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
)

// Limits bound what a file may cost. Zero values are the defaults.
type Limits struct {
	Bytes    int64 // of the text, expanded; 0 means 1 GiB
	Rows     int   // 0 means 2,000,000
	RowBytes int64 // 0 means 256 KiB
	Problems int   // collected by Check; 0 means 50
}

func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 1 << 30
	}
	if l.Rows <= 0 {
		l.Rows = 2_000_000
	}
	if l.RowBytes <= 0 {
		l.RowBytes = 256 << 10
	}
	if l.Problems <= 0 {
		l.Problems = 50
	}
	return l
}

// Row is one time entry of the report.
type Row struct {
	Row  int // as a spreadsheet counts: the header is 1
	Line int // of the file, where the row begins

	Project, Client, Description, Task string
	User, Email                        string
	Tags                               []string // without empty and repeated ones
	Billable                           bool
	Start                              time.Time // in UTC
	Duration                           time.Duration
	HasRate                            bool
	Rate                               int64  // minor units an hour
	Currency                           string // "" if the header does not say
}

// Reader yields a file's rows in order. It is not safe for concurrent use.
type Reader struct {
	rows   *csv.Reader
	meter  *meter
	header header
	layout Layout
	limits Limits
	row    int
}

// NewReader reads the header of a file, compressed or not. The layout must be whole; see Guess.
func NewReader(file io.Reader, layout Layout, limits Limits) (*Reader, error) {
	if layout.Date == "" || layout.Time == "" {
		return nil, fmt.Errorf("%w: date and time format must be given", ErrLayout)
	}
	if err := layout.known(); err != nil {
		return nil, err
	}
	return open(file, layout, limits)
}

func open(file io.Reader, layout Layout, limits Limits) (*Reader, error) {
	limits = limits.withDefaults()
	text, err := expand(file)
	if err != nil {
		return nil, err
	}
	m := &meter{from: text, total: limits.Bytes, row: limits.RowBytes, rowLeft: limits.RowBytes}
	buffered := bufio.NewReaderSize(m, 4096)
	if err := sniff(buffered); err != nil {
		return nil, err
	}
	r := &Reader{rows: csv.NewReader(buffered), meter: m, layout: layout, limits: limits, row: 1}
	r.rows.ReuseRecord = true
	r.rows.FieldsPerRecord = -1 // judged here, so that the message names what is expected
	fields, err := r.rows.Read()
	if err != nil {
		return nil, r.headerError(err)
	}
	if r.header, err = parseHeader(fields); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Reader) headerError(err error) error {
	if errors.Is(err, io.EOF) {
		return ErrEmpty
	}
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		all := make([]string, 0, columnCount)
		for _, c := range columns {
			if c.required {
				all = append(all, c.name)
			}
		}
		return &HeaderError{Missing: all}
	}
	return fmt.Errorf("read header: %w", err)
}

// expand removes gzip, seen by its magic number.
func expand(file io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(file, 64<<10)
	magic, err := b.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read file: %w", err)
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, ErrGzip
	}
	return gunzip{z}, nil
}

// gunzip turns every error of the format into ours, so that none carries contents.
type gunzip struct{ z *gzip.Reader }

func (g gunzip) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, ErrGzip
	}
	return n, err
}

// sniff skips a byte order mark and refuses what is not text.
func sniff(b *bufio.Reader) error {
	head, err := b.Peek(1024)
	if len(head) == 0 {
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read file: %w", err)
		}
		return ErrEmpty
	}
	if mark := []byte("\xef\xbb\xbf"); bytes.HasPrefix(head, mark) {
		if _, err := b.Discard(len(mark)); err != nil {
			return fmt.Errorf("read file: %w", err)
		}
		head = head[len(mark):]
	}
	if bytes.IndexByte(head, 0) >= 0 || bytes.HasPrefix(head, []byte("PK\x03\x04")) || !utf8.Valid(trimCut(head)) {
		return ErrBinary
	}
	return nil
}

// trimCut drops a last character that the end of the sample may have cut.
func trimCut(head []byte) []byte {
	for n := 1; n <= utf8.UTFMax && n <= len(head); n++ {
		if utf8.RuneStart(head[len(head)-n]) {
			if !utf8.FullRune(head[len(head)-n:]) {
				return head[:len(head)-n]
			}
			break
		}
	}
	return head
}

// Next returns the next row. At the end it returns io.EOF. A *Problem concerns one row, and Next may be
// called again; any other error ends the file.
func (r *Reader) Next() (Row, error) {
	fields, line, err := r.next()
	if err != nil {
		return Row{}, err
	}
	row, problem := r.parse(fields)
	if problem != nil {
		problem.Row, problem.Line = r.row, line
		return Row{}, problem
	}
	row.Row, row.Line = r.row, line
	return row, nil
}

// next returns the cells of the next row and the line where it begins.
func (r *Reader) next() ([]string, int, error) {
	r.meter.rowLeft = r.meter.row
	fields, err := r.rows.Read()
	if errors.Is(err, io.EOF) {
		return nil, 0, io.EOF
	}
	r.row++
	if r.row-1 > r.limits.Rows {
		return nil, 0, fmt.Errorf("%w: more than %d rows", ErrTooLarge, r.limits.Rows)
	}
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		return nil, 0, &Problem{Row: r.row, Line: parse.StartLine, Message: "the quotes do not match: a cell with quotes inside must be quoted, and the quotes doubled"}
	}
	if errors.Is(err, errRowTooLong) {
		return nil, 0, fmt.Errorf("%w: row %d is longer than %d KiB; is a quote missing?", ErrTooLarge, r.row, r.limits.RowBytes>>10)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read row %d: %w", r.row, err)
	}
	line, _ := r.rows.FieldPos(0)
	if len(fields) != r.header.width {
		return nil, 0, &Problem{Row: r.row, Line: line, Message: fmt.Sprintf("has %d cells, the header has %d", len(fields), r.header.width)}
	}
	for c, at := range r.header.at {
		if at < 0 {
			continue
		}
		cell := strings.TrimSpace(fields[at])
		if p := cellProblem(column(c), cell); p != "" {
			return nil, 0, &Problem{Row: r.row, Line: line, Column: columns[c].name, Message: p}
		}
		fields[at] = cell
	}
	return fields, line, nil
}

func cellProblem(c column, cell string) string {
	if !utf8.ValidString(cell) {
		return "is not text in UTF-8"
	}
	if strings.IndexByte(cell, 0) >= 0 {
		return "contains a zero byte"
	}
	if longest := columns[c].longest; len(cell) > longest && utf8.RuneCountInString(cell) > longest {
		return fmt.Sprintf("is longer than %d characters", longest)
	}
	return ""
}

func (r *Reader) cell(fields []string, c column) string {
	if r.header.at[c] < 0 {
		return ""
	}
	return fields[r.header.at[c]]
}

func bad(c column, message string) *Problem {
	return &Problem{Column: columns[c].name, Message: message}
}

func (r *Reader) parse(fields []string) (Row, *Problem) {
	row := Row{
		Project:     strings.Clone(r.cell(fields, colProject)),
		Client:      strings.Clone(r.cell(fields, colClient)),
		Description: strings.Clone(r.cell(fields, colDescription)),
		Task:        strings.Clone(r.cell(fields, colTask)),
		User:        strings.Clone(r.cell(fields, colUser)),
		Email:       strings.Clone(r.cell(fields, colEmail)),
		Tags:        splitTags(r.cell(fields, colTags)),
		Currency:    r.header.currency,
	}
	if !plausibleEmail(row.Email) {
		return Row{}, bad(colEmail, "want an e-mail address")
	}
	if row.Task != "" && row.Project == "" {
		return Row{}, bad(colTask, "a task needs a project, and the cell of the project is empty")
	}
	for _, t := range row.Tags {
		if utf8.RuneCountInString(t) > 100 {
			return Row{}, bad(colTags, "a tag is longer than 100 characters")
		}
	}
	switch strings.ToLower(r.cell(fields, colBillable)) {
	case "yes", "true", "1":
		row.Billable = true
	case "no", "false", "0", "":
	default:
		return Row{}, bad(colBillable, "want Yes or No")
	}
	if cell := r.cell(fields, colRate); cell != "" {
		var ok bool
		if row.Rate, ok = parseMoney(cell); !ok {
			return Row{}, bad(colRate, "want an amount such as 75.00")
		}
		row.HasRate = true
	}
	return r.parseTimes(fields, row)
}

func (r *Reader) parseTimes(fields []string, row Row) (Row, *Problem) {
	var days [2]date
	var clocks [2]int
	for i, c := range []column{colStartDate, colEndDate} {
		var ok bool
		if days[i], ok = parseDate(r.cell(fields, c), r.layout.Date); !ok {
			return Row{}, bad(c, "want a date as "+string(r.layout.Date))
		}
	}
	for i, c := range []column{colStartTime, colEndTime} {
		var ok bool
		if clocks[i], ok = parseClock(r.cell(fields, c), r.layout.Time); !ok {
			return Row{}, bad(c, "want a time as "+clockForm(r.layout.Time))
		}
	}
	var ok bool
	if row.Duration, ok = parseDuration(r.cell(fields, colDuration)); !ok {
		return Row{}, bad(colDuration, "want a duration as HH:MM:SS")
	}
	start, agrees := place(r.layout.zone(), days[0], clocks[0], row.Duration, days[1], clocks[1])
	if !agrees {
		return Row{}, bad(colEndTime, "the end is not the start plus the duration")
	}
	row.Start = start.UTC()
	return row, nil
}

func clockForm(f TimeFormat) string {
	if f == Hours12 {
		return "HH:MM:SS AM or PM (12h)"
	}
	return "HH:MM:SS (24h)"
}

func splitTags(cell string) []string {
	var tags []string
	for t := range strings.SplitSeq(cell, ",") {
		if t = strings.TrimSpace(t); t != "" && !slices.Contains(tags, t) {
			tags = append(tags, strings.Clone(t))
		}
	}
	return tags
}

// plausibleEmail asks for no more than that mail could be tried: one @ with something on both sides.
func plausibleEmail(text string) bool {
	local, domain, ok := strings.Cut(text, "@")
	return ok && local != "" && domain != "" && !strings.ContainsAny(text, " \t\r\n,;<>\"") && !strings.Contains(domain, "@")
}

// Text is a file's text, expanded if it is compressed, within the limits. A repeat of the file under
// another compression has the same text.
func Text(file io.Reader, limits Limits) (io.Reader, error) {
	text, err := expand(file)
	if err != nil {
		return nil, err
	}
	limits = limits.withDefaults()
	return &meter{from: text, total: limits.Bytes, row: limits.Bytes, rowLeft: limits.Bytes + 1}, nil
}
