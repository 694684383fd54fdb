package replicate

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"math"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"domicile/store"
)

// Options say which cell a node is a member of, where it keeps its log, and what bounds it.
// Zero values are the defaults.
type Options struct {
	Store *store.DB // required; opened by the caller from Dir/store, and closed by it after the node
	Dir   string    // required; raft/, checkpoints/ and tmp/ lie below it
	FS    vfs.FS    // nil: the operating system's; the one that Store is on

	CellID    string           // required; a directory of another cell is refused
	NodeID    string           // required; this node's for ever
	Address   string           // where other nodes reach this one; empty: NodeID
	Stream    raft.StreamLayer // to other nodes; nil: Transport
	Transport raft.Transport   // to other nodes of this process; nil: only to itself; closed by the node
	Peers     Peers            // how a follower asks the leader; nil: it names it and refuses

	// Bootstrap makes an empty directory a new cell's; one that holds a cell is left as it is.
	Bootstrap bool
	Members   []Member // with Bootstrap: the cell's first members; none: this node alone

	Log     *slog.Logger          // nil discards
	Metrics prometheus.Registerer // nil: not registered
	Now     func() time.Time      // wall clock; nil: time.Now

	Heartbeat time.Duration // without word from the leader until an election begins; 0: 500ms
	Election  time.Duration // of a candidate until it tries again; 0: 1s
	Patience  time.Duration // for a leader to be found before a submission is refused; 0: 5s

	Queue         int           // submissions that wait; 0: 4096
	QueueBytes    int64         // bytes of them; 0: 64 MiB
	Proposers     int           // entries on their way at once; 0: 4
	LogBytes      int64         // of log kept for followers that come back; 0: 64 MiB
	LogAge        time.Duration // of an entry until it is let go; 0: 24h
	SnapshotBytes int64         // of log until the next checkpoint; 0: 32 MiB
	StreamRate    int64         // bytes a second of a checkpoint to a follower; 0: 128 MiB; negative: no limit

	noSync bool // of the log; only for the test that shows that it matters
}

// Member is a voter of a cell.
type Member struct{ NodeID, Address string }

const (
	maxAppend      = 512              // entries sent to a follower, or applied, at once
	rpcTimeout     = 10 * time.Second // of a message between nodes, and per 256 KiB of a checkpoint
	enqueueTimeout = 2 * time.Second  // for raft's main loop to take an entry
)

func (o *Options) complete() error {
	if o.Store == nil || o.Dir == "" || o.CellID == "" || o.NodeID == "" {
		return errors.New("open node: store, directory, cell id and node id are required")
	}
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Address == "" {
		o.Address = o.NodeID
	}
	orDefault(&o.Heartbeat, 500*time.Millisecond)
	orDefault(&o.Election, max(time.Second, o.Heartbeat))
	orDefault(&o.Patience, 5*time.Second)
	orDefault(&o.Queue, 4096)
	orDefault(&o.QueueBytes, 64<<20)
	orDefault(&o.Proposers, 4)
	orDefault(&o.LogBytes, 64<<20)
	orDefault(&o.LogAge, 24*time.Hour)
	orDefault(&o.SnapshotBytes, 32<<20)
	orDefault(&o.StreamRate, 128<<20)
	return nil
}

func orDefault[T int | int64 | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// raftConfig is raft's own configuration. When to make a checkpoint, and how much log stays, is
// decided by us in bytes and age, not by raft in entries: its own triggers never fire, and it is
// told to keep one entry where the log keeps what it wants.
func (o *Options) raftConfig() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(o.NodeID)
	c.HeartbeatTimeout = o.Heartbeat
	c.ElectionTimeout = o.Election
	c.LeaderLeaseTimeout = o.Heartbeat
	c.MaxAppendEntries = maxAppend
	c.TrailingLogs = 1
	c.SnapshotInterval = 365 * 24 * time.Hour
	c.SnapshotThreshold = math.MaxUint64
	c.NoSnapshotRestoreOnStart = true
	c.NoLegacyTelemetry = true
	c.Logger = bridge{log: o.Log}
	return c
}

func (o *Options) members() raft.Configuration {
	var c raft.Configuration
	members := o.Members
	if len(members) == 0 {
		members = []Member{{o.NodeID, o.Address}}
	}
	for _, m := range members {
		c.Servers = append(c.Servers, raft.Server{ID: raft.ServerID(m.NodeID), Address: raft.ServerAddress(m.Address)})
	}
	return c
}

func (o *Options) limiter() *rate.Limiter {
	if o.StreamRate < 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(o.StreamRate), max(streamStep, int(o.StreamRate/16)))
}

// serial tells checkpoints at the same index apart.
func serial() string {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
