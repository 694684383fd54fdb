package store_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/cockroachdb/pebble/v2/vfs"

	"domicile/store"
	"domicile/store/record"
)

// scenario is a store under a file of testdata/scenarios. The commands are
// methods below; ids are written as names.
type scenario struct {
	t     *testing.T
	fs    *vfs.MemFS
	db    *store.DB
	index uint64
	now   time.Time
	names map[record.ID]string
}

// TestScenarios runs the files of testdata/scenarios: they tell what the store
// answers in words.
func TestScenarios(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata/scenarios", func(t *testing.T, path string) {
		s := &scenario{t: t, fs: vfs.NewMem(), now: time.Unix(1_700_000_000, 0), names: map[record.ID]string{}}
		s.db = openMem(t, s.fs)
		defer func() { _ = s.db.Close() }()
		datadriven.RunTest(t, path, s.run)
	})
}

func (s *scenario) run(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "create":
		return s.apply(store.Command{Create: &store.Create{Workspace: s.ws(d), Epoch: store.Epoch(s.number(d, "epoch", 1)), Incarnation: 1, Restored: d.HasArg("restored")}})
	case "txn":
		return s.apply(store.Command{Txn: s.txn(d)})
	case "change":
		return s.apply(store.Command{Change: s.change(d)})
	case "floor":
		return s.apply(store.Command{RaiseFloor: &store.RaiseFloor{Workspace: s.ws(d), Epoch: store.Epoch(s.number(d, "epoch", 1)), Floor: store.Revision(s.number(d, "to", 0))}})
	case "pass":
		step, err := time.ParseDuration(d.CmdArgs[0].Key)
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		s.now = s.now.Add(step)
		return s.apply(store.Command{Tick: &store.Tick{}})
	case "reopen":
		if err := s.db.Close(); err != nil {
			t.Fatal(err)
		}
		s.db = openMem(t, s.fs)
		return ""
	}
	v := s.db.View()
	defer v.Close()
	switch d.Cmd {
	case "header":
		return s.header(v, s.ws(d))
	case "records":
		return s.records(v, d)
	case "index":
		return s.entries(v, d)
	case "changes":
		return s.changes(v, d)
	case "verify":
		if err := v.Verify(t.Context(), s.ws(d)); err != nil {
			return err.Error() + "\n"
		}
		return "ok\n"
	}
	d.Fatalf(t, "unknown command %q", d.Cmd)
	return ""
}

// id makes an id of a name of at most 12 bytes.
func (s *scenario) id(name string) record.ID {
	var id record.ID
	copy(id[12-len(name):], name)
	s.names[id] = name
	return id
}

// words replaces ids by their names.
func (s *scenario) words(text string) string {
	for id, name := range s.names {
		text = strings.ReplaceAll(text, id.String(), name)
	}
	return text
}

func (s *scenario) ws(d *datadriven.TestData) record.ID {
	name := "acme"
	d.MaybeScanArgs(s.t, "ws", &name)
	return s.id(name)
}

func (s *scenario) number(d *datadriven.TestData, name string, otherwise uint64) uint64 {
	d.MaybeScanArgs(s.t, name, &otherwise)
	return otherwise
}

func (s *scenario) apply(c store.Command) string {
	s.index++
	results, err := s.db.Apply([]store.Entry{{Index: s.index, Term: 1, Time: s.now, Commands: []store.Command{c}}})
	if err != nil {
		s.t.Fatal(err)
	}
	r := results[0][0]
	if r.Err != nil {
		return s.words(fmt.Sprintf("refused: %v\n", r.Err))
	}
	return fmt.Sprintf("revision %d\n", r.Revision)
}

func (s *scenario) key(kind, name string) record.Key {
	k, ok := record.ParseKind(kind)
	if !ok {
		s.t.Fatalf("unknown kind %q", kind)
	}
	return record.Key{Kind: k, ID: s.id(name)}
}

// txn reads lines such as "put tag red {…}", "delete tag red", "if at tag red 3",
// "if free tag name red by blue". In documents $red is the id of red.
func (s *scenario) txn(d *datadriven.TestData) *store.Txn {
	txn := &store.Txn{Workspace: s.ws(d), Epoch: store.Epoch(s.number(d, "epoch", 1))}
	var token, revert string
	if d.MaybeScanArgs(s.t, "token", &token) {
		copy(txn.Token[:], token)
	}
	if d.MaybeScanArgs(s.t, "revert", &revert) {
		txn.Revert = s.id(revert)
	}
	for line := range strings.Lines(d.Input) {
		f := strings.Fields(line)
		switch f[0] {
		case "put":
			doc := strings.SplitN(strings.TrimSpace(line), " ", 4)[3]
			doc = regexp.MustCompile(`\$\w+`).ReplaceAllStringFunc(doc, func(name string) string { return s.id(name[1:]).String() })
			txn.Puts = append(txn.Puts, store.Put{Key: s.key(f[1], f[2]), Doc: []byte(doc)})
		case "delete":
			txn.Deletes = append(txn.Deletes, s.key(f[1], f[2]))
		case "if":
			txn.If = append(txn.If, s.condition(f[1:]))
		default:
			s.t.Fatalf("unknown line %q", line)
		}
	}
	return txn
}

func (s *scenario) condition(f []string) store.Condition {
	switch f[0] {
	case "exists":
		return store.Exists(s.key(f[1], f[2]))
	case "absent":
		return store.Absent(s.key(f[1], f[2]))
	case "at":
		rev, err := strconv.ParseUint(f[3], 10, 64)
		if err != nil {
			s.t.Fatal(err)
		}
		return store.At(s.key(f[1], f[2]), store.Revision(rev))
	}
	owner := s.key(f[1], f[5])
	value, err := record.Find(owner.Kind, f[2]).Prefix(record.FoldedValue(f[3]))
	if err != nil {
		s.t.Fatal(err)
	}
	return store.Free(owner.Kind, f[2], value, owner.ID)
}

// change reads "lock t=move/1/3" (transfer, epoch, attempt), "drop reason=deletion epoch=1".
func (s *scenario) change(d *datadriven.TestData) *store.HeaderChange {
	c := &store.HeaderChange{Workspace: s.ws(d), Epoch: store.Epoch(s.number(d, "epoch", 0)), Session: s.number(d, "session", 0), Incarnation: 1}
	for op := store.OpCreate; op <= store.OpConfirm; op++ {
		if op.String() == d.CmdArgs[0].Key {
			c.Op = op
		}
	}
	var t, revert, reason string
	if d.MaybeScanArgs(s.t, "t", &t) {
		part := strings.Split(t, "/")
		epoch, _ := strconv.ParseUint(part[1], 10, 64)
		attempt, _ := strconv.ParseUint(part[2], 10, 64)
		c.T = store.T{Transfer: s.id(part[0]), Epoch: store.Epoch(epoch), Attempt: store.Attempt(attempt)}
	}
	if d.MaybeScanArgs(s.t, "revert", &revert) {
		c.Revert = s.id(revert)
	}
	if d.MaybeScanArgs(s.t, "reason", &reason) {
		c.Reason = map[string]store.Reason{"deletion": store.Deletion, "elsewhere": store.Elsewhere}[reason]
	}
	return c
}

func (s *scenario) header(v *store.View, ws record.ID) string {
	h, err := v.Header(ws)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err.Error() + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s epoch=%d closed=%d session=%d revision=%d floor=%d", h.State, h.Epoch, h.Attempt, h.Session, h.Revision, h.Floor)
	if h.Open != nil {
		fmt.Fprintf(&b, " open=%s/%d/%d", h.Open.Transfer, h.Open.Epoch, h.Open.Attempt)
	}
	if !h.Revert.IsZero() {
		fmt.Fprintf(&b, " revert=%s", h.Revert)
	}
	fmt.Fprintf(&b, "\nrecords %v, deletions %d\ncontent %.8s\nstate %.8s\n", h.Counts, h.Markers, h.ContentDigest, h.StateDigest)
	return s.words(b.String())
}

func (s *scenario) records(v *store.View, d *datadriven.TestData) string {
	var b strings.Builder
	kind, _ := record.ParseKind(d.CmdArgs[0].Key)
	for r, err := range v.Records(s.ws(d), kind) {
		if err != nil {
			return err.Error() + "\n"
		}
		fmt.Fprintf(&b, "%s @%d %s\n", r.Key.ID, r.Revision, r.Doc)
	}
	return s.words(b.String())
}

// entries reads "index tag name", with prefix, from, to as hex, after=N for the
// N-th entry of the whole index, and reverse.
func (s *scenario) entries(v *store.View, d *datadriven.TestData) string {
	kind, _ := record.ParseKind(d.CmdArgs[0].Key)
	name := d.CmdArgs[1].Key
	read := func(q store.Range) (all []store.IndexEntry, text string) {
		var b strings.Builder
		for e, err := range v.Index(s.ws(d), kind, name, q) {
			if err != nil {
				return nil, s.words(err.Error() + "\n")
			}
			all = append(all, e)
			values := e.Key[:len(e.Key)-len(e.ID)]
			fmt.Fprintf(&b, "%s %s\n", hex.EncodeToString(values), e.ID)
		}
		return all, s.words(b.String())
	}
	q := store.Range{Reverse: d.HasArg("reverse")}
	for arg, bound := range map[string]*[]byte{"prefix": &q.Prefix, "from": &q.From, "to": &q.To} {
		var text string
		if d.MaybeScanArgs(s.t, arg, &text) {
			*bound, _ = hex.DecodeString(text)
		}
	}
	if n := s.number(d, "after", 0); n > 0 {
		all, _ := read(store.Range{})
		q.After = all[n-1].Key
	}
	_, text := read(q)
	return text
}

func (s *scenario) changes(v *store.View, d *datadriven.TestData) string {
	var b strings.Builder
	c := store.Cursor{Incarnation: s.number(d, "incarnation", 1), Revision: store.Revision(s.number(d, "after", 0)), Start: store.Revision(s.number(d, "start", 0))}
	changes, next, err := v.Changes(s.ws(d), c, int(s.number(d, "limit", 100)))
	if err != nil {
		return s.words(err.Error() + "\n")
	}
	for _, c := range changes {
		fmt.Fprintf(&b, "%d %s", c.Revision, c.Key)
		if c.Deleted {
			b.WriteString(" deleted")
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "next: %d", next.Revision)
	if next.Start > 0 {
		fmt.Fprintf(&b, ", from nothing at %d", next.Start)
	}
	b.WriteByte('\n')
	return s.words(b.String())
}
