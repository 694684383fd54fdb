package atrest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"path"

	"github.com/klauspost/compress/zstd"

	"domicile/store/record"
)

const (
	maxPlain = 256 << 20 // of one compressed piece
	maxDepth = 4         // archives in archives
)

// packed searches what is compressed or archived in a file's bytes. Frames of zstd are looked for at every
// place, because any format may hold some.
func (s *scan) packed(place string, ws record.ID, b []byte, depth int) error {
	if depth > maxDepth {
		return errors.New("too many archives in each other")
	}
	for _, plain := range unzstd(b) {
		s.look(place, "compressed bytes", ws, plain)
		if err := s.packed(place, ws, plain, depth+1); err != nil {
			return err
		}
	}
	if bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		plain := gunzip(b)
		s.look(place, "compressed bytes", ws, plain)
		if err := s.packed(place, ws, plain, depth+1); err != nil {
			return err
		}
	}
	if len(b) > 262 && string(b[257:262]) == "ustar" {
		return s.archive(place, ws, b, depth)
	}
	return nil
}

// archive searches the members of a tar, such as a checkpoint on its way.
func (s *scan) archive(place string, ws record.ID, b []byte, depth int) error {
	r := tar.NewReader(bytes.NewReader(b))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		member, err := io.ReadAll(io.LimitReader(r, maxPlain))
		if err != nil {
			return err
		}
		name := place + "!" + h.Name
		s.look(name, "bytes", ws, member)
		if path.Ext(h.Name) == ".sst" {
			err = s.table(name, member)
		} else {
			err = s.packed(name, ws, member, depth+1)
		}
		if err != nil {
			return err
		}
	}
}

// unzstd gives what the frames in b hold, as far as they can be read.
func unzstd(b []byte) [][]byte {
	var all [][]byte
	for _, frame := range frames(b) {
		r, err := zstd.NewReader(bytes.NewReader(frame), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20))
		if err != nil {
			continue
		}
		// An error is the end: what follows a frame is seldom another one.
		plain, _ := io.ReadAll(io.LimitReader(r, maxPlain))
		r.Close()
		if len(plain) > 0 {
			all = append(all, plain)
		}
	}
	return all
}

// gunzip gives what can be read of a gzip file.
func gunzip(b []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	plain, _ := io.ReadAll(io.LimitReader(r, maxPlain)) // one that breaks off has its beginning
	return plain
}
