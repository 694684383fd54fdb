// Package daemon assembles a node from its parts and runs it.
//
// Open takes the lock on a data directory, opens store, log and indexes, and connects what the packages below
// know only by small interfaces; Run serves until its context ends, then lets requests finish and closes in
// the opposite order. InitCell makes a new cell's first node. Dev (dev.go) runs all five regions in one
// process by the same code, each a complete daemon with its own directory and ports; the test harness wraps
// Dev. A node speaks on three doors: the public listener (API), the internal port (package peer) and a unix
// socket for operators. It leaves by one: egress.go.
//
//	D1  Nothing is written outside the data directory.
//	D2  A directory of another node, of a newer version, or in use is refused untouched.
//	D3  No outgoing connection is made but for a declared purpose to a declared peer.
//	D4  When one daemon of a process stops for an error, the others go on.
//	D5  What was acknowledged before SIGTERM or kill -9 is there after the next start.
//
// It holds no rules about workspaces: those are in the packages below it.
package daemon
