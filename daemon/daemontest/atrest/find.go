package atrest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"domicile/store/record"
)

// Finding is a place where a text is.
type Finding struct {
	Place     string    // the file, relative to the directory; a member of an archive follows a !
	What      string    // what of the file: "record time_entry 64c7…", "term", "raft entry 17", "bytes"
	Workspace record.ID // whose it is, if that can be told
	Text      string    // the text that was looked for
}

// String returns place, kind and workspace in a line.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s of %s has %q", f.Place, f.What, f.Workspace, f.Text)
}

// Find reads all files below a directory and returns every place that has one of the texts, each once, in
// the order of places. An error names what could not be read; what was found elsewhere comes with it.
func Find(dataDir string, texts ...string) ([]Finding, error) {
	if len(texts) == 0 || slices.Contains(texts, "") {
		return nil, errors.New("find at rest: no text")
	}
	s := &scan{root: dataDir, found: make(map[Finding]struct{})}
	for _, text := range texts {
		s.looks = append(s.looks, newLook(text))
	}
	var errs []error
	err := filepath.WalkDir(dataDir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		place, err := filepath.Rel(dataDir, name)
		if err != nil {
			return err
		}
		s.look(place, "name", idIn(place), []byte(filepath.Base(name)))
		switch {
		case e.IsDir():
			errs = append(errs, s.logs(name, place))
		case e.Type().IsRegular():
			errs = append(errs, s.file(name, place))
		}
		return nil
	})
	if err := errors.Join(append(errs, err)...); err != nil {
		return s.sorted(), fmt.Errorf("find at rest: %w", err)
	}
	return s.sorted(), nil
}

// scan is one Find.
type scan struct {
	root  string
	looks []look
	found map[Finding]struct{}
}

// look is a text in the forms in which it may be stored.
type look struct {
	text  string
	forms [][]byte
}

func newLook(text string) look {
	l := look{text: text, forms: [][]byte{[]byte(text)}}
	quoted, _ := json.Marshal(text) // a string always encodes
	for _, form := range []string{
		string(quoted[1 : len(quoted)-1]),
		norm.NFC.String(strings.ToLower(norm.NFC.String(text))),
	} {
		if form != "" && !slices.ContainsFunc(l.forms, func(b []byte) bool { return string(b) == form }) {
			l.forms = append(l.forms, []byte(form))
		}
	}
	return l
}

// look searches bytes, as they are, and what is compressed in them.
func (s *scan) look(place, what string, ws record.ID, b []byte) {
	for _, l := range s.looks {
		for _, form := range l.forms {
			if bytes.Contains(b, form) {
				s.found[Finding{place, what, ws, l.text}] = struct{}{}
				break
			}
		}
	}
}

// file searches one file.
func (s *scan) file(name, place string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	ws := idIn(place)
	s.look(place, "bytes", ws, b)
	switch filepath.Ext(name) {
	case ".sst":
		err = s.table(place, b)
	case ".zap":
		err = s.segment(name, place, ws)
	default:
		err = s.packed(place, ws, b, 0)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", place, err)
	}
	return nil
}

func (s *scan) sorted() []Finding {
	all := make([]Finding, 0, len(s.found))
	for f := range s.found {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.What, b.What), cmp.Compare(a.Text, b.Text),
			a.Workspace.Compare(b.Workspace))
	})
	return all
}

// idIn returns the workspace that a path names: an index's directory, or the first id in a spooled file's
// name. It is zero if there is none.
func idIn(place string) record.ID {
	for part := range strings.FieldsFuncSeq(place, func(r rune) bool { return r == '/' || r == '-' || r == '.' || r == '_' }) {
		if id, err := record.ParseID(part); err == nil {
			return id
		}
	}
	return record.ID{}
}
