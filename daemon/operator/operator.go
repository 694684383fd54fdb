package operator

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/daemon/rpc/operatorpb/operatorpbconnect"
	"domicile/store"
	"domicile/store/record"
)

// Cell reads this node's region.
type Cell interface {
	View(ctx context.Context) (*store.View, error)
}

// Keys keeps the API keys of this region; *auth.Auth does.
type Keys interface {
	CreateKey(ctx context.Context, person record.ID, name string, by directory.Actor) (auth.Key, string, error)
	Keys(ctx context.Context, person record.ID) ([]auth.Key, error)
	RevokeKey(ctx context.Context, person, key record.ID, by directory.Actor) error
}

// Status is how a cell is, as its node sees it.
type Status struct {
	Cell   string
	Leader string // a node's name; empty while there is none
	Term   uint64
	Nodes  []NodeStatus
}

// NodeStatus is one node of a cell.
type NodeStatus struct {
	ID       string
	Voter    bool
	Leader   bool
	Applied  uint64
	Lag      uint64 // entries behind the leader's last
	DiskFree uint64 // bytes
	CertDays int    // until the node's certificate ends
	Version  string
}

// Options are what the service needs.
type Options struct {
	Region    directory.Region
	Regions   directory.Regions
	Directory directory.Service
	Cell      Cell
	Keys      Keys
	Status    func(ctx context.Context) (Status, error)
	IDs       *record.Generator // ids of new workspaces
	// Mirrored waits until this region's mirror shows a revision of the directory; nil does not wait.
	Mirrored func(ctx context.Context, r store.Revision) error
	Now      func() time.Time // nil means time.Now
	Log      *slog.Logger     // nil discards
}

// service implements operatorpbconnect.OperatorHandler.
type service struct {
	Options
	mirror directory.Mirror
}

// New returns the operator's handler. It answers the paths of its service only; more can stand beside it.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.IDs == nil {
		o.IDs = record.NewGenerator()
	}
	s := &service{Options: o}
	path, handler := operatorpbconnect.NewOperatorHandler(s,
		connect.WithInterceptors(connect.UnaryInterceptorFunc(s.record)),
		connect.WithReadMaxBytes(maxRequest))
	mux := http.NewServeMux()
	mux.Handle(path, handler)
	return mux
}

// maxRequest is far above any request of the service, in bytes.
const maxRequest = 64 << 10

// record logs each call with its peer, and turns errors into Connect's codes.
func (s *service) record(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		begun := s.Now()
		answer, err := next(ctx, request)
		err = coded(err)
		p, _ := ctx.Value(peerKey{}).(Peer)
		s.Log.LogAttrs(ctx, slog.LevelInfo, "operator called",
			slog.String("call", request.Spec().Procedure),
			slog.String("code", codeOf(err)),
			slog.Int("uid", p.UID), slog.Int("gid", p.GID), slog.Int("pid", p.PID),
			slog.Duration("took", s.Now().Sub(begun)))
		return answer, err
	}
}

// actor is who the audit trail names for every change by this service.
func actor() directory.Actor { return directory.Actor{Kind: "operator"} }
