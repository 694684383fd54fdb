package operator

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"domicile/daemon/directory"
	pb "domicile/daemon/rpc/operatorpb"
	"domicile/store"
	"domicile/store/record"
)

// CreateWorkspace makes a workspace for somebody, on any plan and in any region that the plan allows.
func (s *service) CreateWorkspace(ctx context.Context, r *connect.Request[pb.CreateWorkspaceRequest]) (*connect.Response[pb.CreateWorkspaceResponse], error) {
	plan, err := parsePlan(r.Msg.Plan)
	if err != nil {
		return nil, err
	}
	region := directory.Global
	if r.Msg.Region != "" {
		if region, err = s.Regions.Parse(r.Msg.Region); err != nil {
			return nil, err
		}
	}
	owner, err := s.findPerson(ctx, r.Msg.Owner)
	if err != nil {
		return nil, err
	}
	placed, revision, err := s.Directory.CreateWorkspace(ctx, directory.NewWorkspace{
		ID: s.IDs.Next(s.Now()), Name: r.Msg.Name, Owner: owner.ID, Region: region, Plan: plan, By: actor(),
	})
	if err != nil {
		return nil, fmt.Errorf("create workspace: %w", err)
	}
	s.settle(ctx, revision)
	return connect.NewResponse(&pb.CreateWorkspaceResponse{Workspace: workspace(placed)}), nil
}

// ListWorkspaces lists the workspaces of the installation.
func (s *service) ListWorkspaces(ctx context.Context, _ *connect.Request[pb.ListWorkspacesRequest]) (*connect.Response[pb.ListWorkspacesResponse], error) {
	out := &pb.ListWorkspacesResponse{}
	err := s.eachWorkspace(ctx, func(p directory.Placed) {
		out.Workspaces = append(out.Workspaces, workspace(p))
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(out), nil
}

// ShowWorkspace tells what is known of a workspace, and of its contents where this node holds it.
func (s *service) ShowWorkspace(ctx context.Context, r *connect.Request[pb.ShowWorkspaceRequest]) (*connect.Response[pb.ShowWorkspaceResponse], error) {
	p, err := s.findWorkspace(ctx, r.Msg.Workspace)
	if err != nil {
		return nil, err
	}
	out := workspace(p)
	if out.Contents, err = s.contents(ctx, p.Workspace.ID); err != nil {
		return nil, err
	}
	return connect.NewResponse(&pb.ShowWorkspaceResponse{Workspace: out}), nil
}

// SetPlan changes what a workspace has paid for.
func (s *service) SetPlan(ctx context.Context, r *connect.Request[pb.SetPlanRequest]) (*connect.Response[pb.SetPlanResponse], error) {
	plan, err := parsePlan(r.Msg.Plan)
	if err == nil && plan == "" {
		err = invalid("the plan is missing")
	}
	if err != nil {
		return nil, err
	}
	w, err := s.change(ctx, r.Msg.Workspace, directory.WorkspaceChange{Plan: &plan})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&pb.SetPlanResponse{Workspace: w}), nil
}

// SetOwner gives a workspace to another of its active members.
func (s *service) SetOwner(ctx context.Context, r *connect.Request[pb.SetOwnerRequest]) (*connect.Response[pb.SetOwnerResponse], error) {
	if r.Msg.Reason == "" {
		return nil, invalid("a reason is needed: a code such as owner-lost")
	}
	owner, err := s.findPerson(ctx, r.Msg.Owner)
	if err != nil {
		return nil, err
	}
	w, err := s.change(ctx, r.Msg.Workspace, directory.WorkspaceChange{Owner: &owner.ID, Reason: r.Msg.Reason})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&pb.SetOwnerResponse{Workspace: w}), nil
}

// SetSubdomain gives a workspace a name of its own, or takes it away.
func (s *service) SetSubdomain(ctx context.Context, r *connect.Request[pb.SetSubdomainRequest]) (*connect.Response[pb.SetSubdomainResponse], error) {
	w, err := s.change(ctx, r.Msg.Workspace, directory.WorkspaceChange{Subdomain: &r.Msg.Subdomain})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&pb.SetSubdomainResponse{Workspace: w}), nil
}

// DeleteWorkspace ends a workspace for good.
func (s *service) DeleteWorkspace(ctx context.Context, r *connect.Request[pb.DeleteWorkspaceRequest]) (*connect.Response[pb.DeleteWorkspaceResponse], error) {
	p, err := s.findWorkspace(ctx, r.Msg.Workspace)
	if err != nil {
		return nil, err
	}
	revision, err := s.Directory.DeleteWorkspace(ctx, p.Workspace.ID, actor())
	if err != nil {
		return nil, fmt.Errorf("delete workspace %s: %w", p.Workspace.ID, err)
	}
	s.settle(ctx, revision)
	return connect.NewResponse(&pb.DeleteWorkspaceResponse{}), nil
}

func (s *service) change(ctx context.Context, named string, c directory.WorkspaceChange) (*pb.Workspace, error) {
	p, err := s.findWorkspace(ctx, named)
	if err != nil {
		return nil, err
	}
	c.ID, c.By = p.Workspace.ID, actor()
	changed, revision, err := s.Directory.ChangeWorkspace(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("change workspace %s: %w", c.ID, err)
	}
	s.settle(ctx, revision)
	return workspace(changed), nil
}

// findWorkspace finds what is meant by an id or a name. One that lives here is found without the directory
// if its id is given.
func (s *service) findWorkspace(ctx context.Context, named string) (directory.Placed, error) {
	if named == "" {
		return directory.Placed{}, invalid("a workspace is named by id or by its name")
	}
	id, err := record.ParseID(named)
	if err != nil {
		return s.findByName(ctx, named)
	}
	if p, ok := s.here(ctx, id); ok {
		return p, nil
	}
	found, err := s.Directory.Workspaces(ctx, directory.WorkspacesQuery{IDs: []record.ID{id}})
	if err != nil {
		return directory.Placed{}, fmt.Errorf("find workspace %s: %w", id, err)
	}
	if len(found) == 0 {
		return directory.Placed{}, fmt.Errorf("find workspace %s: %w", id, directory.ErrNotFound)
	}
	return found[0], nil
}

// here reads a workspace that lives in this region from its mirror.
func (s *service) here(ctx context.Context, id record.ID) (directory.Placed, bool) {
	v, err := s.Cell.View(ctx)
	if err != nil {
		return directory.Placed{}, false // the directory is asked instead
	}
	defer v.Close()
	home, err := s.mirror.Home(v, id)
	if err != nil || home.Region != s.Region {
		return directory.Placed{}, false
	}
	w, err := s.mirror.Workspace(v, id)
	return directory.Placed{Workspace: w, Home: home}, err == nil
}

func (s *service) findByName(ctx context.Context, name string) (directory.Placed, error) {
	var found []directory.Placed
	err := s.eachWorkspace(ctx, func(p directory.Placed) {
		if strings.EqualFold(p.Workspace.Name, name) {
			found = append(found, p)
		}
	})
	switch {
	case err != nil:
		return directory.Placed{}, err
	case len(found) == 0:
		return directory.Placed{}, fmt.Errorf("find workspace by name: %w", directory.ErrNotFound)
	case len(found) > 1:
		return directory.Placed{}, fmt.Errorf("find workspace by name: %w", ErrAmbiguous)
	}
	return found[0], nil
}

func (s *service) eachWorkspace(ctx context.Context, use func(directory.Placed)) error {
	for after := (record.ID{}); ; {
		page, err := s.Directory.Workspaces(ctx, directory.WorkspacesQuery{After: after, Limit: pageSize})
		if err != nil {
			return fmt.Errorf("list workspaces: %w", err)
		}
		for _, p := range page {
			use(p)
			after = p.Workspace.ID
		}
		if len(page) < pageSize {
			return nil
		}
	}
}

// contents reads the header that this node has of a workspace; nil if it has none.
func (s *service) contents(ctx context.Context, id record.ID) (*pb.Contents, error) {
	v, err := s.Cell.View(ctx)
	if err != nil {
		return nil, fmt.Errorf("read contents of workspace %s: %w", id, err)
	}
	defer v.Close()
	h, err := v.Header(id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read contents of workspace %s: %w", id, err)
	}
	out := &pb.Contents{
		State: h.State.String(), Revision: uint64(h.Revision), Bytes: h.Bytes,
		ContentDigest: hex.EncodeToString(h.ContentDigest[:]), StateDigest: hex.EncodeToString(h.StateDigest[:]),
		Counts: map[string]uint64{},
	}
	for kind, n := range h.Counts {
		out.Counts[kind.String()] = n
	}
	return out, nil
}

func parsePlan(name string) (directory.Plan, error) {
	plan := directory.Plan(strings.ToUpper(name))
	if name != "" && plan.Rank() < 0 {
		return "", invalid("unknown plan; use one of FREE, BASIC, STANDARD, PRO, ENTERPRISE")
	}
	return plan, nil
}

func workspace(p directory.Placed) *pb.Workspace {
	return &pb.Workspace{
		Id: p.Workspace.ID.String(), Name: p.Workspace.Name, Plan: string(p.Workspace.Plan),
		Owner: p.Workspace.OwnerID.String(), Status: string(p.Workspace.Status), Subdomain: p.Workspace.Subdomain,
		Region: string(p.Home.Region), Cell: p.Home.Cell, Epoch: uint64(p.Home.Epoch),
		CreatedAt: timestamppb.New(p.Workspace.CreatedAt),
	}
}
