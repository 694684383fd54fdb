package replicate

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"domicile/store"
)

// P7: two checkpoints are kept; the log reaches back to the older one and no further than it must.
func TestP7TwoCheckpointsAndTheirLog(t *testing.T) {
	t.Parallel()
	r := start(t, vfs.NewMem(), small)
	create(t, r.node)
	var indexes []uint64
	for round := range 5 {
		for i := range 40 {
			if _, err := r.node.Submit(within(t), put(i, `,"note":"`+string(bytes.Repeat([]byte("z"), 3000))+`"`)); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.node.checkpoint(); err != nil {
			t.Fatal(err)
		}
		list, err := r.node.checkpoints.List()
		if err != nil || len(list) != min(round+1, keptCheckpoints) {
			t.Fatalf("round %d: %d checkpoints, %v", round, len(list), err)
		}
		indexes = append(indexes, list[0].Index)
	}
	first, last := r.node.log.ends()
	older := indexes[len(indexes)-2]
	if first > older+1 {
		t.Errorf("the log starts at %d, the older checkpoint is at %d", first, older)
	}
	if first == 1 {
		t.Error("the log was never cut")
	}
	if s := r.node.Status(); s.Checkpoint != indexes[len(indexes)-1] || s.LastIndex != last || s.FirstIndex != first {
		t.Errorf("status: %+v", s)
	}
	names, err := r.fs.List("/n1/checkpoints")
	if err != nil || len(names) != keptCheckpoints {
		t.Errorf("folders of checkpoints: %v, %v", names, err)
	}
}

// A busy node makes checkpoints by itself.
func TestCheckpointsComeByThemselves(t *testing.T) {
	t.Parallel()
	r := start(t, vfs.NewMem(), small)
	create(t, r.node)
	for i := range 30 {
		if _, err := r.node.Submit(within(t), put(i, `,"note":"`+string(bytes.Repeat([]byte("z"), 3000))+`"`)); err != nil {
			t.Fatal(err)
		}
	}
	ctx := within(t)
	for r.node.Status().Checkpoint == 0 {
		select {
		case <-ctx.Done():
			t.Fatal("no checkpoint was made")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// P6: a node does not start behind its newest checkpoint, nor with an older one in its place.
func TestP6StateBehindIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		damage func(fs vfs.FS, checkpoint string) error
		want   error
	}{
		"state lost": {func(fs vfs.FS, _ string) error { return fs.RemoveAll("/n1/store") }, ErrBehind},
		"log lost":   {func(fs vfs.FS, _ string) error { return fs.RemoveAll("/n1/raft") }, ErrCorrupt},
		"log and checkpoints lost": {func(fs vfs.FS, _ string) error {
			return errors.Join(fs.RemoveAll("/n1/raft"), fs.RemoveAll("/n1/checkpoints"))
		}, ErrCorrupt},
		"checkpoint's meta lost": {func(fs vfs.FS, checkpoint string) error {
			return fs.Remove(fs.PathJoin(checkpoint, metaName))
		}, ErrCorrupt},
		"checkpoint's meta damaged": {func(fs vfs.FS, checkpoint string) error {
			return writeFile(fs, checkpoint, metaName, []byte("00000000\n{}"))
		}, ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fs := vfs.NewMem()
			r, err := boot(fs, "/n1")
			if err != nil {
				t.Fatal(err)
			}
			create(t, r.node)
			if _, err := r.node.Submit(within(t), put(1, "")); err != nil {
				t.Fatal(err)
			}
			if err := r.node.checkpoint(); err != nil {
				t.Fatal(err)
			}
			meta, _ := r.node.checkpoints.newest()
			if err := r.close(); err != nil {
				t.Fatal(err)
			}
			if err := c.damage(fs, fs.PathJoin("/n1", checkpointsDir, meta.Raft.ID)); err != nil {
				t.Fatal(err)
			}
			r, err = boot(fs, "/n1")
			if err == nil {
				_ = r.close()
			}
			if !errors.Is(err, c.want) {
				t.Errorf("opened with %v, not %v", err, c.want)
			}
		})
	}
}

func TestP6ForeignDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Options){
		"another cell": func(o *Options) { o.CellID = "other" },
		"another node": func(o *Options) { o.NodeID = "n2" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fs := vfs.NewMem()
			r, err := boot(fs, "/n1")
			if err != nil {
				t.Fatal(err)
			}
			if err := r.close(); err != nil {
				t.Fatal(err)
			}
			if _, err = boot(fs, "/n1", change); !errors.Is(err, ErrForeign) {
				t.Errorf("opened with %v", err)
			}
		})
	}
}

// A checkpoint that was sent becomes a new node's state.
func TestCheckpointTravels(t *testing.T) {
	t.Parallel()
	r := start(t, vfs.NewMem())
	create(t, r.node)
	for i := range 50 {
		if _, err := r.node.Submit(within(t), put(i, "")); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.node.checkpoint(); err != nil {
		t.Fatal(err)
	}
	list, err := r.node.checkpoints.List()
	if err != nil {
		t.Fatal(err)
	}
	meta, stream, err := r.node.checkpoints.Open(list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(stream)
	if err := errors.Join(err, stream.Close()); err != nil {
		t.Fatal(err)
	}
	if int64(len(content)) != meta.Size {
		t.Errorf("the stream is %d bytes, announced were %d", len(content), meta.Size)
	}

	fs := vfs.NewMem()
	to := &checkpoints{fs: fs, dir: "/n2", now: time.Now, changed: func(_, _ checkpointMeta, _ int) {}, serial: serial, inspect: (&Node{o: Options{FS: fs, CellID: "cell", Log: slog.New(slog.DiscardHandler)}}).inspect}
	if err := to.load(); err != nil {
		t.Fatal(err)
	}
	receive(t, to, meta, content)
	if err := to.order(); err != nil {
		t.Fatal(err)
	}
	if err := refusePending(fs, "/n2"); !errors.Is(err, ErrReopen) {
		t.Errorf("a node with a checkpoint to install: %v", err)
	}
	if did, err := Install(fs, "/n2"); err != nil || !did {
		t.Fatalf("install: %v, %v", did, err)
	}
	if did, err := Install(fs, "/n2"); err != nil || did {
		t.Errorf("install again: %v, %v", did, err)
	}
	db, err := store.Open(store.Options{Dir: "/n2/store", FS: fs, CellID: "cell"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if index, _ := db.Applied(); index > meta.Index || index+2 < meta.Index {
		t.Errorf("the state is at %d, the checkpoint at %d", index, meta.Index)
	}
	v := db.View()
	defer closeView(t, v)
	for i := range 50 {
		if !has(t, v, i) {
			t.Errorf("record %d did not arrive", i)
		}
	}
	verify(t, v)
}

func receive(t testing.TB, to *checkpoints, meta *raft.SnapshotMeta, content []byte) {
	t.Helper()
	s, err := to.Create(meta.Version, meta.Index, meta.Term, meta.Configuration, meta.ConfigurationIndex, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(s, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// P5: a checkpoint that was cut short or changed on its way is not announced.
func TestP5DamagedStreamIsRefused(t *testing.T) {
	t.Parallel()
	fs := vfs.NewMem()
	if err := fs.MkdirAll("from", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"a": bytes.Repeat([]byte("a"), 700), "b": nil, "c": []byte("c")} {
		if err := writeFile(fs, "from", name, content); err != nil {
			t.Fatal(err)
		}
	}
	stream, size, err := packState(fs, "from", nil)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(stream)
	if err != nil || int64(len(content)) != size {
		t.Fatalf("%d bytes, announced %d, %v", len(content), size, err)
	}
	unpacked := func(content []byte) (map[string][]byte, error) {
		fs := vfs.NewMem()
		if err := unpack(fs, bytes.NewReader(content), ""); err != nil {
			return nil, err
		}
		return readAll(t, fs, ""), nil
	}
	whole, err := unpacked(content)
	if err != nil || len(whole) != 3 || len(whole["a"]) != 700 {
		t.Fatalf("a whole stream: %v", err)
	}
	end := len(content) - 1024 - 512 + 64 // of the digest; zeros follow
	for at := 0; at < end; at += 7 {
		if _, err := unpacked(content[:at]); err == nil {
			t.Errorf("cut to %d bytes of %d: no error", at, len(content))
		}
		changed := bytes.Clone(content)
		changed[at] ^= 1
		if got, err := unpacked(changed); err == nil && !sameFiles(got, whole) {
			t.Errorf("changed at %d: no error", at)
		}
	}
}

func sameFiles(a, b map[string][]byte) bool {
	for name := range b {
		if !bytes.Equal(a[name], b[name]) {
			return false
		}
	}
	return len(a) == len(b)
}

func FuzzUnpackState(f *testing.F) {
	fs := vfs.NewMem()
	if err := errors.Join(fs.MkdirAll("from", 0o700), writeFile(fs, "from", "000001.sst", []byte("table"))); err != nil {
		f.Fatal(err)
	}
	stream, _, err := packState(fs, "from", nil)
	if err != nil {
		f.Fatal(err)
	}
	content, err := io.ReadAll(stream)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	evil, _ := tarHeader("../evil", 0)
	f.Add(append(evil, make([]byte, 1024)...))
	f.Fuzz(func(t *testing.T, content []byte) {
		fs := vfs.NewMem()
		if err := fs.MkdirAll("in/to", 0o700); err != nil {
			t.Fatal(err)
		}
		_ = unpack(fs, bytes.NewReader(content), "in/to")
		if names, _ := fs.List("in"); len(names) != 1 {
			t.Errorf("it wrote outside of its folder: %v", names)
		}
	})
}

func FuzzDecodeMeta(f *testing.F) {
	f.Add([]byte("00000000\n{}"))
	f.Add([]byte("\n"))
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = decodeMeta(text) })
}
