package replicate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
	"google.golang.org/protobuf/proto"

	"domicile/replicate/entrypb"
	"domicile/store"
)

// Peers carries a request to another node of the cell, whose Answer makes the reply. An error says
// that the request may or may not have arrived.
type Peers interface {
	Call(ctx context.Context, to raft.ServerAddress, request []byte) (reply []byte, err error)
}

// maxSkew is how far a leader's clock may be ahead of a majority's.
const maxSkew = 5 * time.Minute

// Answer makes the reply to a request of another node of the cell. It never asks a third.
func (n *Node) Answer(ctx context.Context, request []byte) ([]byte, error) {
	var r entrypb.Request
	if err := proto.Unmarshal(request, &r); err != nil {
		return nil, fmt.Errorf("answer a node: %w: %w", errMalformed, err)
	}
	var reply entrypb.Reply
	switch r := r.GetRequest().(type) {
	case *entrypb.Request_Submit:
		n.answerSubmit(ctx, r.Submit, &reply)
	case *entrypb.Request_ReadIndex:
		index, err := n.readIndex(ctx)
		reply.Index, reply.Refusal = index, refusalToProto(err)
	case *entrypb.Request_Clock:
		reply.Time = n.o.Now().UnixMicro()
	default:
		return nil, fmt.Errorf("answer a node: %w: the request is of no known kind", errMalformed)
	}
	b, err := proto.Marshal(&reply)
	if err != nil {
		return nil, fmt.Errorf("answer a node: %w", err)
	}
	return b, nil
}

func (n *Node) answerSubmit(ctx context.Context, p *entrypb.Command, reply *entrypb.Reply) {
	command, err := proto.Marshal(p)
	if err == nil {
		_, err = commandFromProto(p) // what cannot be applied must not be committed
	}
	var result store.Result
	switch {
	case err != nil:
	case len(command) > maxCommand:
		err = ErrTooLarge
	case n.raft.State() != raft.Leader:
		err = raft.ErrNotLeader
	default:
		result, err = n.enqueue(ctx, command)
	}
	if err == nil {
		err = result.Err
	}
	reply.Revision, reply.Refusal = uint64(result.Revision), refusalToProto(err)
}

// forward lets the leader have a command.
func (n *Node) forward(ctx context.Context, leader raft.ServerAddress, command []byte) (store.Result, error) {
	var c entrypb.Command
	if err := proto.Unmarshal(command, &c); err != nil {
		return store.Result{}, fmt.Errorf("forward command: %w", err)
	}
	reply, err := n.call(ctx, leader, &entrypb.Request{Request: &entrypb.Request_Submit{Submit: &c}})
	if err != nil {
		return store.Result{}, fmt.Errorf("forward command: %w: %w", errUnanswered, err)
	}
	result := store.Result{Revision: store.Revision(reply.GetRevision())}
	err, refused := refusalFromProto(reply.GetRefusal())
	if refused {
		result.Err, err = err, nil
	}
	return result, err
}

// askIndex asks the leader which index a linearizable read needs.
func (n *Node) askIndex(ctx context.Context) (uint64, error) {
	leader, _ := n.raft.LeaderWithID()
	switch {
	case leader == "" || leader == n.transport.LocalAddr():
		return 0, errNoLeader
	case n.o.Peers == nil:
		return 0, &NotLeader{Leader: n.leaderID(), Address: string(leader)}
	}
	reply, err := n.call(ctx, leader, &entrypb.Request{Request: &entrypb.Request_ReadIndex{ReadIndex: &entrypb.ReadIndex{}}})
	if err != nil {
		return 0, fmt.Errorf("ask for an index: %w: %w", errUnanswered, err)
	}
	err, _ = refusalFromProto(reply.GetRefusal())
	return reply.GetIndex(), err
}

func (n *Node) leaderID() string {
	_, id := n.raft.LeaderWithID()
	return string(id)
}

func (n *Node) call(ctx context.Context, to raft.ServerAddress, r *entrypb.Request) (*entrypb.Reply, error) {
	b, err := proto.Marshal(r)
	if err != nil {
		return nil, err
	}
	if b, err = n.o.Peers.Call(ctx, to, b); err != nil {
		return nil, err
	}
	var reply entrypb.Reply
	if err := proto.Unmarshal(b, &reply); err != nil {
		return nil, err
	}
	return &reply, nil
}

// clockFits refuses to lead with a clock that a majority finds far ahead: cell time never goes back,
// so everything would expire early for good.
func (n *Node) clockFits(ctx context.Context) error {
	servers, err := n.servers()
	if err != nil || n.o.Peers == nil || len(servers) < 2 {
		return nil //nolint:nilerr // who cannot be asked decides nothing
	}
	ahead := 0
	for _, s := range servers {
		if s.ID == raft.ServerID(n.o.NodeID) || s.Suffrage != raft.Voter {
			continue
		}
		asking, cancel := context.WithTimeout(ctx, n.o.Heartbeat)
		reply, err := n.call(asking, s.Address, &entrypb.Request{Request: &entrypb.Request_Clock{Clock: &entrypb.Clock{}}})
		cancel()
		if err == nil && n.o.Now().Sub(time.UnixMicro(reply.GetTime())) > maxSkew {
			ahead++
		}
	}
	if ahead > len(servers)/2 {
		return fmt.Errorf("this node's clock is more than %v ahead of a majority's", maxSkew)
	}
	return nil
}

// refusals is how errors keep their kind between nodes. The store's are a command's result, the
// others are why there is none.
func refusals() []struct {
	kind  entrypb.Refusal_Kind
	err   error
	store bool
} {
	return []struct {
		kind  entrypb.Refusal_Kind
		err   error
		store bool
	}{
		{entrypb.Refusal_KIND_NOT_LEADER, raft.ErrNotLeader, false},
		{entrypb.Refusal_KIND_NOT_LEADER, raft.ErrLeadershipTransferInProgress, false},
		{entrypb.Refusal_KIND_NOT_LEADER, raft.ErrEnqueueTimeout, false},
		{entrypb.Refusal_KIND_NOT_LEADER, errNoLeader, false},
		{entrypb.Refusal_KIND_OVERLOADED, ErrOverloaded, false},
		{entrypb.Refusal_KIND_UNKNOWN_OUTCOME, errUnanswered, false},
		{entrypb.Refusal_KIND_UNKNOWN_OUTCOME, raft.ErrLeadershipLost, false},
		{entrypb.Refusal_KIND_UNKNOWN_OUTCOME, ErrUnknownOutcome, false},
		{entrypb.Refusal_KIND_STOPPED, ErrStopped, false},
		{entrypb.Refusal_KIND_CONFLICT, store.ErrConflict, true},
		{entrypb.Refusal_KIND_NOT_FOUND, store.ErrNotFound, true},
		{entrypb.Refusal_KIND_FENCED, store.ErrFenced, true},
		{entrypb.Refusal_KIND_LOCKED, store.ErrLocked, true},
		{entrypb.Refusal_KIND_EXISTS, store.ErrExists, true},
		{entrypb.Refusal_KIND_TOO_LARGE, store.ErrTooLarge, true},
		{entrypb.Refusal_KIND_INVALID, store.ErrInvalid, true},
		{entrypb.Refusal_KIND_NO_SPACE, store.ErrNoSpace, true},
	}
}

func refusalToProto(err error) *entrypb.Refusal {
	if err == nil {
		return nil
	}
	p := &entrypb.Refusal{Kind: entrypb.Refusal_KIND_UNKNOWN_OUTCOME, Text: err.Error()}
	for _, row := range refusals() {
		if errors.Is(err, row.err) {
			p.Kind = row.kind
			break
		}
	}
	var conflict *store.Conflict
	if errors.As(err, &conflict) {
		p.Key, p.Index, p.Op = keyToProto(conflict.Key), conflict.Index, uint32(conflict.Op)
	}
	return p
}

// refusalFromProto answers the error, and whether it is the store's word on the command.
func refusalFromProto(p *entrypb.Refusal) (err error, refused bool) {
	if p == nil {
		return nil, false
	}
	if k := p.GetKey(); k != nil {
		var r reader
		if key := r.key(k); r.err == nil {
			return &store.Conflict{Key: key, Index: p.GetIndex(), Op: store.ConditionOp(p.GetOp())}, true
		}
	}
	for _, row := range refusals() {
		if row.kind == p.GetKind() {
			return &remote{p.GetText(), row.err}, row.store
		}
	}
	return fmt.Errorf("%w: %s", errUnanswered, p.GetText()), false
}

// remote is another node's error in its own words.
type remote struct {
	text string
	kind error
}

func (r *remote) Error() string { return r.text }
func (r *remote) Unwrap() error { return r.kind }
