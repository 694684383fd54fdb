package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"domicile/daemon/directory"
	"domicile/daemon/importer/clockifycsv"
	"domicile/store/record"
)

// The names of spooled files: while they are being received and checked, and of a job's.
const (
	partPattern = "import-*.part"
	keptPrefix  = "import-"
	keptSuffix  = ".csv"
)

// spooled is a file in the directory for temporary files.
type spooled struct {
	dir   string
	path  string
	bytes int64
	kept  bool // it belongs to a job now
}

// spool receives a file. It is synced: a job may outlive the process.
func (i *Importer) spool(from io.Reader) (*spooled, error) {
	f, err := os.CreateTemp(i.o.Dir, partPattern)
	if err != nil {
		return nil, fmt.Errorf("make spool file: %w", err)
	}
	s := &spooled{dir: i.o.Dir, path: f.Name()}
	s.bytes, err = io.Copy(f, io.LimitReader(from, i.o.FileBytes+1))
	if err == nil && s.bytes > i.o.FileBytes {
		err = ErrTooLarge
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		s.discard()
		return nil, fmt.Errorf("spool file: %w", err)
	}
	return s, nil
}

func (s *spooled) open() (io.ReadCloser, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, fmt.Errorf("open spool file: %w", err)
	}
	return f, nil
}

// discard removes the file unless a job has it.
func (s *spooled) discard() {
	if !s.kept {
		_ = os.Remove(s.path) // a file that stays is removed when the next Run begins
	}
}

// keep renames the file to the name under which its job finds it after a restart.
func (s *spooled) keep(workspace, id record.ID) error {
	kept := keptPath(s.dir, workspace, id)
	if err := os.Rename(s.path, kept); err != nil {
		return fmt.Errorf("keep spool file: %w", err)
	}
	s.path, s.kept = kept, true
	return nil
}

func keptPath(dir string, workspace, id record.ID) string {
	return filepath.Join(dir, keptPrefix+workspace.String()+"-"+id.String()+keptSuffix)
}

// parseKept reads workspace and import from the name of a job's file.
func parseKept(name string) (workspace, id record.ID, ok bool) {
	middle, isKept := strings.CutSuffix(strings.TrimPrefix(name, keptPrefix), keptSuffix)
	first, second, cut := strings.Cut(middle, "-")
	if !isKept || !cut {
		return record.ID{}, record.ID{}, false
	}
	workspace, err := record.ParseID(first)
	if err != nil {
		return record.ID{}, record.ID{}, false
	}
	id, err = record.ParseID(second)
	return workspace, id, err == nil
}

// maxNames bounds the different people and names in a file; a job keeps them in memory.
const maxNames = 500_000

// census counts what a file names.
type census struct {
	seen   map[string]struct{}
	people int
}

func (c *census) note(parts ...string) bool {
	key := strings.Join(parts, "\x00")
	if _, known := c.seen[key]; known {
		return false
	}
	c.seen[key] = struct{}{}
	return true
}

func (c *census) visit(r clockifycsv.Row) error {
	// What the directory would refuse later is refused now.
	if directory.CheckEmail(r.Email) != nil {
		return &clockifycsv.Problem{Row: r.Row, Line: r.Line, Column: "Email", Message: "want an e-mail address"}
	}
	if c.note("person", directory.FoldEmail(r.Email)) {
		c.people++
	}
	if r.Project != "" {
		c.note("client", r.Client)
		c.note("project", r.Client, r.Project)
	}
	if r.Task != "" {
		c.note("task", r.Client, r.Project, r.Task)
	}
	for _, t := range r.Tags {
		c.note("tag", t)
	}
	if len(c.seen) > maxNames {
		return ErrTooMany
	}
	return nil
}

// check reads the file to its last row and says what is in it.
func (s *spooled) check(layout clockifycsv.Layout, limits clockifycsv.Limits) (Status, error) {
	c := census{seen: map[string]struct{}{}}
	sum, err := clockifycsv.Check(s.open, layout, limits, c.visit)
	if err != nil {
		return Status{}, err
	}
	hash, err := s.hash(limits)
	if err != nil {
		return Status{}, err
	}
	return Status{
		FileHash: hash, People: c.people, Rows: sum.Rows, Seconds: int64(sum.Total.Seconds()), First: sum.First, Last: sum.Last,
		DateFormat: string(sum.Layout.Date), TimeFormat: string(sum.Layout.Time), TimeZone: sum.Layout.Zone.String(),
	}, nil
}

// hash is of the text, so that compressing a file does not make it another.
func (s *spooled) hash(limits clockifycsv.Limits) (string, error) {
	f, err := s.open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := clockifycsv.Text(f, limits)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.Copy(h, text); err != nil {
		return "", fmt.Errorf("hash file: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// removeFile removes a job's file; that it is gone already is fine.
func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove spool file: %w", err)
	}
	return nil
}
