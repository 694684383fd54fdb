package replicate

import (
	"context"
	"io"
	"log"
	"log/slog"
	"slices"

	"github.com/hashicorp/go-hclog"
)

// bridge hands raft's log messages to slog. Messages are constant text; of their arguments only
// those in safeKeys pass, so that no entry's contents can.
type bridge struct {
	log  *slog.Logger
	args []any
}

var _ hclog.Logger = bridge{}

// safeKeys are the arguments of raft's messages that hold numbers, names of nodes, or why
// something went wrong between nodes.
func safeKeys() []string {
	return []string{
		"index", "term", "error", "id", "node", "peer", "from", "to", "address", "leader-address", "leader-id",
		"server-id", "server-addr", "last-index", "last-term", "last-log", "next", "count", "tally", "votesNeeded",
		"needed", "votes", "time", "duration", "size-in-bytes", "command", "servers", "refused", "initial-index",
	}
}

// level maps raft's levels to ours. What raft warns of is the life of a cell: an election, a peer that is
// away. What it calls info is of use only to who looks for a fault.
func level(l hclog.Level) slog.Level {
	switch {
	case l >= hclog.Error:
		return slog.LevelError
	case l == hclog.Warn:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// Log passes one message on.
func (b bridge) Log(l hclog.Level, msg string, args ...any) {
	if !b.log.Enabled(context.Background(), level(l)) {
		return
	}
	safe := safeKeys()
	attrs := slices.Clone(b.args)
	for i := 0; i+1 < len(args); i += 2 {
		if key, ok := args[i].(string); ok && slices.Contains(safe, key) {
			attrs = append(attrs, key, args[i+1])
		}
	}
	b.log.Log(context.Background(), level(l), "raft reported", append(attrs, "event", msg)...)
}

func (b bridge) Trace(string, ...any)          {}
func (b bridge) Debug(msg string, args ...any) { b.Log(hclog.Debug, msg, args...) }
func (b bridge) Info(msg string, args ...any)  { b.Log(hclog.Info, msg, args...) }
func (b bridge) Warn(msg string, args ...any)  { b.Log(hclog.Warn, msg, args...) }
func (b bridge) Error(msg string, args ...any) { b.Log(hclog.Error, msg, args...) }
func (b bridge) IsTrace() bool                 { return false }
func (b bridge) IsDebug() bool                 { return b.log.Enabled(context.Background(), slog.LevelDebug) }
func (b bridge) IsInfo() bool                  { return b.IsDebug() }
func (b bridge) IsWarn() bool                  { return b.log.Enabled(context.Background(), level(hclog.Warn)) }

func (b bridge) IsError() bool                  { return b.log.Enabled(context.Background(), slog.LevelError) }
func (b bridge) ImpliedArgs() []any             { return b.args }
func (b bridge) Name() string                   { return "raft" }
func (b bridge) Named(string) hclog.Logger      { return b }
func (b bridge) ResetNamed(string) hclog.Logger { return b }
func (b bridge) SetLevel(hclog.Level)           {}
func (b bridge) GetLevel() hclog.Level          { return hclog.Debug }

// With answers a logger that adds arguments, as far as they are safe, to each message.
func (b bridge) With(args ...any) hclog.Logger {
	safe := safeKeys()
	next := bridge{b.log, slices.Clone(b.args)}
	for i := 0; i+1 < len(args); i += 2 {
		if key, ok := args[i].(string); ok && slices.Contains(safe, key) {
			next.args = append(next.args, key, args[i+1])
		}
	}
	return next
}

// StandardLogger answers a logger that says nothing: its messages would not be constant text.
func (b bridge) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return log.New(io.Discard, "", 0)
}

// StandardWriter answers a writer to nowhere, for the same reason.
func (b bridge) StandardWriter(*hclog.StandardLoggerOptions) io.Writer { return io.Discard }
