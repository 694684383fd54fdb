package replicate

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/time/rate"
)

// A checkpoint travels as a tar of its files, ended by a file SHA256 that holds the hex digest of every
// file's name, size and bytes. A stream without it, or with another digest, is refused.
const sumName = "SHA256"

// sumHead is what stands for a file in the digest, before its bytes.
func sumHead(name string, size int64) string { return fmt.Sprintf("%q %d\n", name, size) }

// streamStep is how much is read at once where a limit slows a stream down.
const streamStep = 64 << 10

// stateStream is a tar made while it is read: nothing is copied to the disk and no goroutine runs.
type stateStream struct {
	fs    vfs.FS
	dir   string
	names []string // files still to come
	sizes map[string]int64
	limit *rate.Limiter

	part io.Reader // what is being read
	file vfs.File  // nil between files
	pad  int64     // zeros that fill the file's last block
	sum  hash.Hash
	end  bool
}

// packState streams the files of a folder; the second result is the stream's length.
func packState(fs vfs.FS, dir string, limit *rate.Limiter) (io.ReadCloser, int64, error) {
	names, err := fs.List(dir)
	if err != nil {
		return nil, 0, err
	}
	slices.Sort(names)
	s := &stateStream{fs: fs, dir: dir, names: names, sizes: map[string]int64{}, limit: limit, sum: sha256.New(), part: bytes.NewReader(nil)}
	total := int64(512 + 512 + 1024) // the sum's header and body, the end of the archive
	for _, name := range names {
		info, err := fs.Stat(fs.PathJoin(dir, name))
		if err != nil {
			return nil, 0, err
		}
		s.sizes[name] = info.Size()
		total += 512 + (info.Size()+511)/512*512
	}
	return s, total, nil
}

// Read answers the next bytes of the archive.
func (s *stateStream) Read(p []byte) (int, error) {
	if s.limit != nil && len(p) > streamStep {
		p = p[:streamStep]
	}
	for {
		n, err := s.part.Read(p)
		if n > 0 {
			if s.limit != nil {
				if err := s.limit.WaitN(context.Background(), n); err != nil {
					return 0, err
				}
			}
			return n, nil
		}
		if err != nil && err != io.EOF {
			return 0, err
		}
		if err := s.next(); err != nil {
			return 0, err
		}
	}
}

// next goes to the next part: header, file, padding, next header …, and the sum at the end.
func (s *stateStream) next() error {
	switch {
	case s.file != nil:
		err := s.file.Close()
		s.file = nil
		s.part = bytes.NewReader(make([]byte, s.pad))
		return err
	case len(s.names) > 0:
		name := s.names[0]
		s.names = s.names[1:]
		size := s.sizes[name]
		head, err := tarHeader(name, size)
		if err != nil {
			return err
		}
		f, err := s.fs.Open(s.fs.PathJoin(s.dir, name), vfs.SequentialReadsOption)
		if err != nil {
			return err
		}
		s.file, s.pad = f, (512-size%512)%512
		io.WriteString(s.sum, sumHead(name, size)) // a hash's Write never fails
		s.part = io.MultiReader(bytes.NewReader(head), io.TeeReader(exactly(f, size), s.sum))
		return nil
	case !s.end:
		s.end = true
		text := hex.EncodeToString(s.sum.Sum(nil))
		head, err := tarHeader(sumName, int64(len(text)))
		if err != nil {
			return err
		}
		tail := make([]byte, 512-len(text)+1024)
		s.part = io.MultiReader(bytes.NewReader(head), strings.NewReader(text), bytes.NewReader(tail))
		return nil
	}
	return io.EOF
}

// Close ends the stream.
func (s *stateStream) Close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

// exactly reads size bytes and is an error when there are fewer.
func exactly(r io.Reader, size int64) io.Reader {
	return &exact{r: io.LimitReader(r, size), left: size}
}

type exact struct {
	r    io.Reader
	left int64
}

func (e *exact) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.left -= int64(n)
	if err == io.EOF && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func tarHeader(name string, size int64) ([]byte, error) {
	var b bytes.Buffer
	err := tar.NewWriter(&b).WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, Format: tar.FormatUSTAR})
	return b.Bytes(), err
}

// unpackState writes a received archive's files into a new folder, each durable, and refuses the whole
// when its digest is not the one that it ends with.
func unpackState(fs vfs.FS, path, dir string) error {
	f, err := fs.Open(path, vfs.SequentialReadsOption)
	if err != nil {
		return err
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(unpack(fs, f, dir), f.Close()); err != nil {
		return err
	}
	return syncDir(fs, dir)
}

func unpack(fs vfs.FS, from io.Reader, dir string) error {
	sum := sha256.New()
	in := tar.NewReader(from)
	for {
		head, err := in.Next()
		if err != nil {
			return fmt.Errorf("%w: received checkpoint: %w", ErrCorrupt, noEnd(err))
		}
		if head.Name == sumName {
			return checkSum(in, hex.EncodeToString(sum.Sum(nil)))
		}
		if head.Name != fs.PathBase(head.Name) || head.Name == "." || head.Name == ".." || head.Typeflag != tar.TypeReg {
			return fmt.Errorf("%w: received checkpoint: it holds something else than files", ErrCorrupt)
		}
		io.WriteString(sum, sumHead(head.Name, head.Size))
		if err := unpackFile(fs, io.TeeReader(in, sum), fs.PathJoin(dir, head.Name)); err != nil {
			return err
		}
	}
}

func checkSum(in io.Reader, sum string) error {
	text, err := io.ReadAll(io.LimitReader(in, 65))
	if err != nil || string(text) != sum {
		return fmt.Errorf("%w: received checkpoint: it does not match its digest", ErrCorrupt)
	}
	return nil
}

// noEnd says that an archive which ends before its digest is cut short.
func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func unpackFile(fs vfs.FS, in io.Reader, path string) error {
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("receive checkpoint: write %s: %w", fs.PathBase(path), err)
	}
	return nil
}
