// Package replicate commits commands on a majority of a cell's nodes and applies them to the store
// of each.
//
// A [Node] is one member of a cell, by hashicorp/raft. [Node.Submit] packs commands that wait into
// entries, which raft replicates; the state machine (fsm.go) hands them to store.Apply, and each
// command gets its own result. [Node.View] is a linearizable read. The log (log.go) is raft's log and
// stable store on a Pebble database of its own and the cell's only write-ahead log: the store's is
// off. A raft snapshot (checkpoint.go) is a checkpoint of the store by hard links.
//
//	P1  An acknowledged command survives the loss of power, at once and on every majority.
//	P2  Each command is applied once, in the same order on every node, and its result is its own,
//	    whatever it was packed with.
//	P3  An unclear outcome is reported as unknown, never as refused; a transaction is submitted again
//	    under its token while its caller waits.
//	P4  View shows everything that was acknowledged before it was called, or is an error.
//	P5  What is read from the log, an entry, or a checkpoint is what was written, or is an error. A
//	    node that meets such an error stops and leaves the evidence as it is.
//	P6  A node does not start behind its newest checkpoint or behind the start of its log, nor with
//	    the log or the state of another cell.
//	P7  A checkpoint is announced when it is on the disk, at its index or past it; the log reaches back
//	    to the older of the two that are kept.
//	P8  The log is bounded in bytes and age, what waits in number and bytes; what is too much is
//	    refused at once.
//	P9  Cell time never goes back, and goes ahead by what the leader's monotonic clock counted and ten
//	    seconds at most.
//	P10 A failed write or sync of the log stops the node; nothing is acknowledged after it.
//
// What cannot be noticed by one node alone: damage to the very last synced writes of a log that was
// not closed looks like a write that the crash cut short.
//
// It does not know what a transaction means, does not speak HTTP or RPC (a [Peers] and raft's
// StreamLayer are given to it), and changes no cell's members.
package replicate
