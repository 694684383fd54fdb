package operator

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

func credentials(c *net.UnixConn) (Peer, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return Peer{}, err
	}
	var found *unix.Ucred
	var inner error
	err = raw.Control(func(fd uintptr) {
		found, inner = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(err, inner); err != nil {
		return Peer{}, err
	}
	return Peer{UID: int(found.Uid), GID: int(found.Gid), PID: int(found.Pid)}, nil
}
