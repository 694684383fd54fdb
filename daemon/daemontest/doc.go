// Package daemontest runs regions for tests: in this process, or as the processes that people run.
//
// Start runs five regions in this process by the code that `domicile dev` uses, each of which can be stopped
// and started again, with a Link on every connection between them that delays and cuts. StartDev runs
// `domicile dev` and StartServers five `domicile serve`, from the binary that Build makes once per test
// binary; those can be killed. All three have a Network: it knows where each region answers, and makes
// people, keys and workspaces by the operator's socket.
//
// Daemontest may be used by any test; the promises of whole installations are tested here:
//
//	T1  What was acknowledged before kill -9 is there exactly once after it, whole, and found by search.
//	T2  A region serves what it holds while every other region and the directory are away.
//	T3  What is recorded in a region is at rest in that region only.
//	T4  SIGTERM lets requests finish, loses no answered write and ends with exit code 0.
//	T5  A data directory that is not this node's to use is refused with what to do, and left as it is.
//
// A harness waits for conditions with a deadline (Until), takes free ports, keeps directories short enough
// for unix sockets, and keeps the output of processes when a test fails.
package daemontest
