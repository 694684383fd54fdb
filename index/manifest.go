package index

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// manifestName is the file that says what a closed index looked like.
const manifestName = "manifest"

// castagnoli is the polynomial of the manifest's sums; segments have IEEE's.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged says that a file is not what it was when it was closed.
var errDamaged = errors.New("index is damaged")

// manifest is what its file holds: how far the index had read, and its files.
type manifest struct {
	Position []byte    `json:"position"`
	Files    []fileSum `json:"files"`
}

// fileSum is how a file of a closed index looks.
type fileSum struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	Sum  uint32 `json:"crc32c"`
}

// writeManifest records the files of a closed index beside them.
func writeManifest(dir string, position []byte) error {
	sums, err := sumFiles(bleveDir(dir))
	if err != nil {
		return err
	}
	body, err := json.Marshal(manifest{position, sums})
	if err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}
	line := fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(body, castagnoli), body)
	return replaceFile(filepath.Join(dir, manifestName), line)
}

// readManifest reads a manifest. If there is none, the error is fs.ErrNotExist.
func readManifest(dir string) (manifest, error) {
	line, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return manifest{}, fmt.Errorf("read manifest: %w", err)
	}
	return parseManifest(string(line))
}

// parseManifest reads a manifest's only line.
func parseManifest(line string) (manifest, error) {
	sum, body, _ := strings.Cut(line, " ")
	body, ended := strings.CutSuffix(body, "\n")
	var m manifest
	if !ended || sum != fmt.Sprintf("%08x", crc32.Checksum([]byte(body), castagnoli)) {
		return m, fmt.Errorf("%w: manifest", errDamaged)
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return m, fmt.Errorf("%w: manifest", errDamaged)
	}
	return m, nil
}

// checkFiles compares the files of an index with its manifest. Without a
// manifest, that is after a crash, it sorts out what a crash leaves.
func checkFiles(dir string) error {
	want, err := readManifest(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return removeBroken(bleveDir(dir))
	}
	if err != nil {
		return err
	}
	have, err := sumFiles(bleveDir(dir))
	if err != nil {
		return err
	}
	if !slices.Equal(have, want.Files) {
		return fmt.Errorf("%w: its files are not those of its manifest", errDamaged)
	}
	return nil
}

// sumFiles reads every file of a directory, in the order of their names.
func sumFiles(dir string) ([]fileSum, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list index: %w", err)
	}
	var sums []fileSum
	for _, e := range entries {
		h := crc32.New(castagnoli)
		size, err := readInto(h, filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		sums = append(sums, fileSum{e.Name(), size, h.Sum32()})
	}
	return sums, nil
}

func readInto(w io.Writer, name string) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, fmt.Errorf("read index: %w", err)
	}
	defer f.Close()
	size, err := io.Copy(w, f)
	if err != nil {
		return 0, fmt.Errorf("read index: %w", err)
	}
	return size, nil
}

// removeBroken removes the segments whose own sum is wrong, which Bleve writes
// at their end and never reads. A crash leaves such files where it stopped a
// write; the root does not name those. Where it names one, Bleve finds it
// missing, opens an empty index, and that is built again.
func removeBroken(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.zap"))
	if err != nil {
		return fmt.Errorf("list segments: %w", err)
	}
	for _, name := range names {
		whole, err := segmentWhole(name)
		if err != nil {
			return err
		}
		if whole {
			continue
		}
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("remove broken segment: %w", err)
		}
	}
	return nil
}

func segmentWhole(name string) (bool, error) {
	tail := tailWriter{hash: crc32.NewIEEE()}
	if _, err := readInto(&tail, name); err != nil {
		return false, err
	}
	return len(tail.last) == crc32.Size && tail.sum() == tail.hash.Sum32(), nil
}

// tailWriter hashes all that is written to it but for its last four bytes.
type tailWriter struct {
	hash interface {
		io.Writer
		Sum32() uint32
	}
	last []byte
}

// Write implements io.Writer.
func (t *tailWriter) Write(b []byte) (int, error) {
	t.last = append(t.last, b...)
	if n := len(t.last) - crc32.Size; n > 0 {
		if _, err := t.hash.Write(t.last[:n]); err != nil {
			return 0, err
		}
		t.last = append(t.last[:0], t.last[n:]...)
	}
	return len(b), nil
}

// sum is the number that the last four bytes are.
func (t *tailWriter) sum() uint32 {
	l := t.last
	return uint32(l[0])<<24 | uint32(l[1])<<16 | uint32(l[2])<<8 | uint32(l[3])
}

// replaceFile writes a file so that it is there whole or not at all.
func replaceFile(name string, body []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return fmt.Errorf("create manifest: %w", err)
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("write manifest: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
