package operator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"
)

// socketMode lets the file's owner and group connect.
const socketMode = 0o660

// maxSocketPath is what fits a sockaddr_un on every system that we build for.
const maxSocketPath = 103

// Listen opens the unix socket at path with mode 0660. One that a process left behind is replaced; one that
// a process answers on is ErrInUse.
func Listen(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, invalid("the path of the socket is %d bytes long, at most %d work: choose a shorter one with operator.socket",
			len(path), maxSocketPath)
	}
	if err := clearWay(path); err != nil {
		return nil, err
	}
	// The socket is made under another name and moved there with its mode, so that it is never more open
	// than it should be. A folder of its own, as a umask is of the whole process.
	folder, err := os.MkdirTemp(filepath.Dir(path), ".s")
	if err != nil {
		return nil, fmt.Errorf("make folder for socket: %w", err)
	}
	defer os.RemoveAll(folder)
	fresh := filepath.Join(folder, "s")
	if len(fresh) > maxSocketPath {
		return nil, invalid("the folder of the socket has too long a path: choose a shorter one with operator.socket")
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: fresh, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("open socket %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(fresh, socketMode), os.Rename(fresh, path)); err != nil {
		l.Close()
		return nil, fmt.Errorf("open socket %s: %w", path, err)
	}
	return &listener{UnixListener: l, path: path}, nil
}

// clearWay removes a socket that nobody answers on.
func clearWay(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at socket %s: %w", path, err)
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return invalid("%s exists and is no socket", path)
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return fmt.Errorf("open socket %s: %w", path, ErrInUse)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove old socket %s: %w", path, err)
	}
	return nil
}

// listener removes its file when it closes; UnixListener would remove the name that it was opened with.
type listener struct {
	*net.UnixListener
	path string
}

// Close ends the listener and removes its file.
func (l *listener) Close() error {
	return errors.Join(l.UnixListener.Close(), ignoreMissing(os.Remove(l.path)))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Peer is who is on the other end of a connection, as the kernel says.
type Peer struct{ UID, GID, PID int }

type peerKey struct{}

// WithPeer notes a connection's peer in its context. It is an http.Server's ConnContext.
func WithPeer(ctx context.Context, c net.Conn) context.Context {
	if u, ok := c.(*net.UnixConn); ok {
		if p, err := credentials(u); err == nil {
			return context.WithValue(ctx, peerKey{}, p)
		}
	}
	return context.WithValue(ctx, peerKey{}, Peer{UID: -1, GID: -1, PID: -1})
}
