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
	var found *unix.Xucred
	var pid int
	var inner error
	err = raw.Control(func(fd uintptr) {
		found, inner = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
		if inner == nil {
			pid, inner = unix.GetsockoptInt(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERPID)
		}
	})
	if err := errors.Join(err, inner); err != nil {
		return Peer{}, err
	}
	gid := -1
	if found.Ngroups > 0 {
		gid = int(found.Groups[0])
	}
	return Peer{UID: int(found.Uid), GID: gid, PID: pid}, nil
}
