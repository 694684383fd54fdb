package index

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"domicile/store/record"
)

// lockedBuffer is written to by several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// TestI9NothingOfADocumentOrAQueryIsLogged makes the Set log what it can, and
// looks for words in it.
func TestI9NothingOfADocumentOrAQueryIsLogged(t *testing.T) {
	t.Parallel()
	var logged lockedBuffer
	o := Options{Log: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	w := newWorld(t)
	w.open(o)
	ws := w.workspace("a")
	rev := w.entries(ws, 0, 50)
	w.check(ws, rev, usual()...)
	w.close()
	names, err := filepath.Glob(filepath.Join(w.set.dir(ws), "bleve", "*"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if err := os.Truncate(name, 100); err != nil {
			t.Fatal(err)
		}
	}
	w.open(o)
	w.check(ws, rev, usual()...)
	_, err = w.set.Search(t.Context(), ws, Query{Text: `"number7`})
	if err == nil || strings.Contains(err.Error(), "number7") {
		t.Errorf("the error has the query: %v", err)
	}
	w.drop(ws)
	w.close()
	text := logged.b.String()
	if !strings.Contains(text, "built again") {
		t.Fatalf("the rebuild was not logged: %s", text)
	}
	for _, word := range []string{"number", "all", record.DeriveID("user").String()} {
		for line := range strings.Lines(text) {
			if strings.Contains(line, " "+word) || strings.Contains(line, "number") {
				t.Errorf("%q is in the log: %s", word, line)
			}
		}
	}
}
