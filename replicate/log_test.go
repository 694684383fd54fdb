package replicate

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/raft"
	"pgregory.net/rapid"
)

// faults is what a log reports; the engine reports from several goroutines.
type faults struct {
	mu  sync.Mutex
	all []error // guarded by mu
}

func (f *faults) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, err)
}

func (f *faults) list() []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.all)
}

// logOn opens a log on a file system; what stops it goes into the second result.
func logOn(fs vfs.FS, b logBounds) (*entryLog, *faults, error) {
	if b.now == nil {
		b.now = time.Now
	}
	if b.age == 0 {
		b.age = 24 * time.Hour
	}
	fatal := &faults{}
	l, err := openLog(logOptions{
		dir: "raft", fs: fs, log: slog.New(slog.DiscardHandler), bounds: b, fatal: fatal.add,
	})
	return l, fatal, err
}

func testLog(t testing.TB, fs vfs.FS, b logBounds) *entryLog {
	t.Helper()
	l, _, err := logOn(fs, b)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func testEntry(index, term uint64, size int) *raft.Log {
	return &raft.Log{Index: index, Term: term, Data: bytes.Repeat([]byte{byte(index), byte(index >> 8), byte(term)}, size/3+1)[:size]}
}

func store1(t testing.TB, l *entryLog, entries ...*raft.Log) {
	t.Helper()
	if err := l.StoreLogs(entries); err != nil {
		t.Fatal(err)
	}
}

func TestLogRoundTrip(t *testing.T) {
	t.Parallel()
	l := testLog(t, vfs.NewMem(), logBounds{})
	defer l.Close()
	at := time.UnixMicro(1_790_000_000_123_456)
	want := []*raft.Log{
		{Index: 5, Term: 1, Type: raft.LogNoop},
		{Index: 6, Term: 2, Type: raft.LogCommand, Data: []byte("data"), AppendedAt: at},
		{Index: 7, Term: 300, Type: raft.LogConfiguration, Data: []byte{}, Extensions: []byte("ext")},
		{Index: 8, Term: 1 << 40, Type: raft.LogBarrier, Data: bytes.Repeat([]byte{7}, 3000), Extensions: bytes.Repeat([]byte{9}, 300)},
	}
	store1(t, l, want...)
	for _, w := range want {
		var got raft.Log
		if err := l.GetLog(w.Index, &got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Data, w.Data) || !bytes.Equal(got.Extensions, w.Extensions) || got.Term != w.Term ||
			got.Type != w.Type || got.Index != w.Index || !got.AppendedAt.Equal(w.AppendedAt) {
			t.Errorf("got %+v, stored %+v", got, w)
		}
	}
	for _, index := range []uint64{0, 4, 9} {
		if err := l.GetLog(index, &raft.Log{}); !errors.Is(err, raft.ErrLogNotFound) {
			t.Errorf("entry %d outside of the log: %v", index, err)
		}
	}
	if err := l.StoreLog(testEntry(10, 3, 1)); !errors.Is(err, errGap) {
		t.Errorf("store with a gap: %v", err)
	}
}

func TestStableRoundTrip(t *testing.T) {
	t.Parallel()
	fs := vfs.NewMem()
	l := testLog(t, fs, logBounds{})
	if _, err := l.Get([]byte("k")); err == nil || err.Error() != "not found" {
		t.Errorf("a value that was never set: %v; raft compares the words", err)
	}
	if v, err := l.GetUint64([]byte("n")); v != 0 || err != nil {
		t.Errorf("a number that was never set: %d, %v", v, err)
	}
	if err := errors.Join(l.Set([]byte("k"), []byte("v")), l.SetUint64([]byte("n"), 77), l.Close()); err != nil {
		t.Fatal(err)
	}
	l = testLog(t, fs, logBounds{})
	defer l.Close()
	if v, err := l.Get([]byte("k")); string(v) != "v" || err != nil {
		t.Errorf("value: %q, %v", v, err)
	}
	if v, err := l.GetUint64([]byte("n")); v != 77 || err != nil {
		t.Errorf("number: %d, %v", v, err)
	}
}

// The log against a map, over stores, cuts at both ends and restarts.
func TestLogModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		fs := vfs.NewMem()
		l := testLog(t, fs, logBounds{bytes: 1 << 40})
		defer func() { _ = l.Close() }()
		l.keep(1 << 62)
		model, first, last := map[uint64]*raft.Log{}, uint64(0), uint64(0)
		term := uint64(1)
		rt.Repeat(map[string]func(*rapid.T){
			"store": func(rt *rapid.T) {
				if last == 0 {
					first, last = 0, rapid.Uint64Range(0, 5).Draw(rt, "from")
				}
				var batch []*raft.Log
				for range rapid.IntRange(1, 5).Draw(rt, "n") {
					last++
					entry := testEntry(last, term, rapid.IntRange(0, 2000).Draw(rt, "size"))
					model[last] = entry
					batch = append(batch, entry)
				}
				if first == 0 {
					first = batch[0].Index
				}
				store1(t, l, batch...)
			},
			"cut the end": func(rt *rapid.T) {
				if first == 0 {
					return
				}
				from := rapid.Uint64Range(first, last).Draw(rt, "from")
				if err := l.DeleteRange(from, last); err != nil {
					rt.Fatal(err)
				}
				for i := from; i <= last; i++ {
					delete(model, i)
				}
				term++
				if last = from - 1; from == first {
					first, last = 0, 0
				}
			},
			"cut the start": func(rt *rapid.T) {
				if first == 0 || first == last {
					return
				}
				to := rapid.Uint64Range(first, last-1).Draw(rt, "to")
				if err := l.cut(first, to); err != nil {
					rt.Fatal(err)
				}
				for i := first; i <= to; i++ {
					delete(model, i)
				}
				first = to + 1
			},
			"restart": func(*rapid.T) {
				if err := l.Close(); err != nil {
					rt.Fatal(err)
				}
				l = testLog(t, fs, logBounds{bytes: 1 << 40})
			},
			"": func(rt *rapid.T) {
				if f, n := l.ends(); f != first || n != last {
					rt.Fatalf("log has %d to %d, should %d to %d", f, n, first, last)
				}
				for i, want := range model {
					var got raft.Log
					if err := l.GetLog(i, &got); err != nil || got.Term != want.Term || !bytes.Equal(got.Data, want.Data) {
						rt.Fatalf("entry %d: %v", i, err)
					}
				}
			},
		})
	})
}

// P8: the log is bounded in bytes and age, once two checkpoints cover it.
func TestP8LogIsBounded(t *testing.T) {
	t.Parallel()
	now := time.UnixMicro(1_790_000_000_000_000)
	l := testLog(t, vfs.NewMem(), logBounds{bytes: 2 << 20, age: time.Hour, now: func() time.Time { return now }})
	defer l.Close()
	const n = 1000
	for i := uint64(1); i <= n; i++ {
		entry := testEntry(i, 1, 10_000)
		entry.AppendedAt = now
		store1(t, l, entry)
	}
	if err := l.DeleteRange(1, n-1); err != nil {
		t.Fatal(err)
	}
	if first, _ := l.ends(); first != 1 {
		t.Errorf("entries were cut to %d that no two checkpoints cover", first)
	}
	l.keep(n) // the older checkpoint is at n-1
	if err := l.DeleteRange(1, n-1); err != nil {
		t.Fatal(err)
	}
	first, last := l.ends()
	if l.bytes() > 2<<20+stretchBytes || l.bytes() < 2<<20-stretchBytes || last != n {
		t.Errorf("the log has %d bytes, entries %d to %d", l.bytes(), first, last)
	}
	now = now.Add(2 * time.Hour)
	if err := l.trimAll(); err != nil {
		t.Fatal(err)
	}
	if first, last = l.ends(); first < n-stretchBytes/10_000-1 || last != n {
		t.Errorf("entries %d to %d are left of a log that is too old", first, last)
	}
}

func TestExtentCountsWhatIsLeft(t *testing.T) {
	t.Parallel()
	var e extent
	at := time.UnixMicro(1)
	for i := uint64(1); i <= 100; i++ {
		e.add(i, stretchBytes/4, at) // four a run
	}
	if got := e.since(90); got != 3*stretchBytes {
		t.Errorf("since 90: %d", got)
	}
	e.dropFrom(50)
	if last := e.runs[len(e.runs)-1].last; last != 49 || e.since(48) != stretchBytes {
		t.Errorf("after cutting the end off: last %d, since 48 %d", last, e.since(48))
	}
	e.dropTo(40)
	if e.bytes != 3*stretchBytes {
		t.Errorf("after cutting the start off: %d", e.bytes)
	}
}

// P5: damage to a closed log is an error, or does no harm: never other entries than were stored.
func TestP5FlippedBitsAreNoticed(t *testing.T) {
	t.Parallel()
	const n = 300
	fs := vfs.NewMem()
	l := testLog(t, fs, logBounds{})
	for i := uint64(1); i <= n; i++ {
		store1(t, l, testEntry(i, 1+i/100, 200))
	}
	if err := errors.Join(l.SetUint64([]byte("CurrentTerm"), 4), l.Close()); err != nil {
		t.Fatal(err)
	}
	files := readAll(t, fs, "raft")
	flips, noticed := 0, 0
	for name, content := range files {
		step := max(1, len(content)/40)
		for at := 0; at < len(content); at += step {
			damaged := bytes.Clone(content)
			damaged[at] ^= 1 << (at % 8)
			flips++
			err := readDamaged(writeAll(t, files, name, damaged), n)
			var wrong *servedWrong
			if errors.As(err, &wrong) {
				t.Errorf("a flipped bit at %d of %s: %v", at, name, err)
			}
			if err != nil {
				noticed++
			}
		}
	}
	t.Logf("%d flips, %d noticed, the others did no harm", flips, noticed)
}

// The same while the log is open: an entry that no longer matches stops whoever asked for it.
func TestP5DamagedEntryIsNotServed(t *testing.T) {
	t.Parallel()
	fs := vfs.NewMem()
	l := testLog(t, fs, logBounds{})
	store1(t, l, testEntry(1, 1, 100), testEntry(2, 1, 100))
	value, closer, err := l.db.Get(entryKey(2))
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(value)
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	damaged[50] ^= 4
	if err := l.db.Set(entryKey(2), damaged, nil); err != nil {
		t.Fatal(err)
	}
	var told error
	l.corrupt = func(err error) { told = err }
	if err := l.GetLog(2, &raft.Log{}); !errors.Is(err, ErrCorrupt) || !errors.Is(told, ErrCorrupt) {
		t.Errorf("a damaged entry: %v; told %v", err, told)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := logOn(fs, logBounds{}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("open a log with a damaged entry: %v", err)
	}
}

type servedWrong struct{ what string }

func (s *servedWrong) Error() string { return "served silently: " + s.what }

func readDamaged(fs vfs.FS, n uint64) (err error) {
	l, _, err := logOn(fs, logBounds{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if first, last := l.ends(); first != 1 || last != n {
		return &servedWrong{fmt.Sprintf("entries %d to %d", first, last)}
	}
	for i := uint64(1); i <= n; i++ {
		var got raft.Log
		if err := l.GetLog(i, &got); err != nil {
			return err
		}
		if want := testEntry(i, 1+i/100, 200); got.Term != want.Term || !bytes.Equal(got.Data, want.Data) {
			return &servedWrong{fmt.Sprintf("entry %d", i)}
		}
	}
	term, err := l.GetUint64([]byte("CurrentTerm"))
	if err == nil && term != 4 {
		return &servedWrong{fmt.Sprintf("term %d", term)}
	}
	return err
}

func readAll(t testing.TB, fs vfs.FS, dir string) map[string][]byte {
	t.Helper()
	names, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if info, err := fs.Stat(fs.PathJoin(dir, name)); err != nil || info.IsDir() {
			continue
		}
		if files[name], err = readFile(fs, fs.PathJoin(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func writeAll(t testing.TB, files map[string][]byte, name string, content []byte) vfs.FS {
	t.Helper()
	fs := vfs.NewMem()
	if err := fs.MkdirAll("raft", 0o700); err != nil {
		t.Fatal(err)
	}
	for n, c := range files {
		if n == name {
			c = content
		}
		f, err := fs.Create(fs.PathJoin("raft", n), vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(c); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return fs
}

// P10: after a failed sync nothing is acknowledged any more.
func TestP10FailedSyncBreaksTheLog(t *testing.T) {
	t.Parallel()
	var fail atomic.Bool
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if fail.Load() && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData) {
			return errors.New("injected: the disk does not sync")
		}
		return nil
	}))
	l, fatal, err := logOn(fs, logBounds{})
	if err != nil {
		t.Fatal(err)
	}
	store1(t, l, testEntry(1, 1, 10))
	fail.Store(true)
	ended := make(chan error, 1)
	go func() { // a failed commit ends the goroutine that made it
		err := errUnanswered
		defer func() { ended <- err }()
		err = l.StoreLog(testEntry(2, 1, 10))
	}()
	if err := <-ended; err == nil {
		t.Error("a write whose sync failed was acknowledged")
	}
	if told := fatal.list(); len(told) != 1 {
		t.Errorf("the node was told %v", told)
	}
	if err := l.StoreLog(testEntry(2, 1, 10)); !errors.Is(err, errBroken) {
		t.Errorf("write to a broken log: %v", err)
	}
	if err := l.SetUint64([]byte("k"), 1); !errors.Is(err, errBroken) {
		t.Errorf("set in a broken log: %v", err)
	}
	_ = l.Close()
}

func TestDecodeLogKeepsNothing(t *testing.T) {
	t.Parallel()
	entry := &raft.Log{Index: 3, Term: 4, Data: []byte("abc"), Extensions: []byte("xy")}
	value := encodeLog(nil, entryKey(3), entry)
	if len(value) != logSize(entry) {
		t.Errorf("%d bytes, announced %d", len(value), logSize(entry))
	}
	var got raft.Log
	if err := decodeLog(entryKey(3), value, &got); err != nil {
		t.Fatal(err)
	}
	clear(value)
	if diff := cmp.Diff(*entry, got); diff != "" {
		t.Error(diff)
	}
	if err := decodeLog(entryKey(4), encodeLog(nil, entryKey(3), entry), &got); !errors.Is(err, ErrCorrupt) {
		t.Errorf("an entry that stands in for another: %v", err)
	}
}

func FuzzDecodeLog(f *testing.F) {
	for _, e := range []*raft.Log{{Index: 1}, {Index: 2, Term: 9, Data: []byte("data"), Extensions: []byte("e")}, testEntry(300, 5, 5000)} {
		f.Add(entryKey(e.Index), encodeLog(nil, entryKey(e.Index), e))
	}
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		var got raft.Log
		if decodeLog(key, value, &got) != nil {
			return
		}
		var again raft.Log
		if err := decodeLog(key, encodeLog(nil, key, &got), &again); err != nil || !bytes.Equal(got.Data, again.Data) {
			t.Errorf("%v", err)
		}
	})
}
