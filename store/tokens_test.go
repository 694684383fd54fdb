package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"domicile/store/record"
)

// S3: of many tokens the last ones are kept, 100,000 of them, however the
// entries are cut into batches.
func TestS3TokensAreBounded(t *testing.T) {
	t.Parallel()
	if maxTokens != 100_000 {
		t.Errorf("%d tokens are kept", maxTokens)
	}
	const kept = 200
	db := mustOpen(t, Options{Dir: "db", FS: vfs.NewMem()})
	defer mustClose(t, db)
	db.maxTokens = kept
	ws := record.ID{1}
	token := func(n int) Token { return Token(fmt.Appendf(nil, "token %010d", n)) }
	submit := func(n int, puts ...Put) Command {
		return Command{Txn: &Txn{Workspace: ws, Epoch: 1, Token: token(n), Puts: puts}}
	}
	tag := func(n byte) Put {
		return Put{record.Key{Kind: record.Tag, ID: record.ID{n}}, fmt.Appendf(nil, `{"name":"%d"}`, n)}
	}
	index := uint64(0)
	apply := func(commands ...Command) []Result {
		t.Helper()
		index++
		results, err := db.Apply([]Entry{{Index: index, Time: time.Unix(1, 0), Commands: commands}})
		if err != nil {
			t.Fatal(err)
		}
		return results[0]
	}
	apply(Command{Create: &Create{Workspace: ws, Epoch: 1, Incarnation: 1}}, submit(0, tag(1)))
	for n := 1; n < kept; n += 3 {
		var commands []Command
		for i := n; i < min(n+3, kept); i++ {
			commands = append(commands, submit(i))
		}
		apply(commands...)
	}
	// The first is the oldest that is kept, and goes as the next one comes.
	if r := apply(submit(0, tag(2)))[0]; r.Revision != 1 || r.Err != nil {
		t.Errorf("a repeat of the first: %+v", r)
	}
	if r := apply(submit(kept), submit(0, tag(2))); r[1].Revision != 2 || r[1].Err != nil {
		t.Errorf("the first, when it is forgotten: %+v", r)
	}
	// More than are kept, in one batch.
	var commands []Command
	for n := range 3 * kept {
		commands = append(commands, submit(1000+n))
	}
	apply(commands...)
	if r := apply(submit(1000+2*kept, tag(3)), submit(1000+2*kept-1, tag(4))); r[0].Revision != 2 || r[1].Revision != 3 {
		t.Errorf("the oldest that is kept, and the one before it: %+v", r)
	}
	if err := verify(t, db, ws); err != nil {
		t.Error(err)
	}
	h, _, err := readHeader(db.pebble, ws)
	if err != nil || h.tokenNext-h.tokenHead != kept {
		t.Errorf("%d tokens are kept, %v", h.tokenNext-h.tokenHead, err)
	}
}
