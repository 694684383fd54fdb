package rpc

import (
	"context"
	"errors"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"domicile/daemon/directory"
	"domicile/daemon/rpc/directorypb"
	"domicile/daemon/rpc/directorypb/directorypbconnect"
)

// Caller says which region a request comes from, by the certificate that it showed.
type Caller func(r *http.Request) (directory.Region, error)

// maxMessage bounds a request: an import of some 100,000 people.
const maxMessage = 16 << 20

// DirectoryHandler serves a directory to the regions. It answers the path to mount it at.
func DirectoryHandler(service directory.Service, caller Caller) (string, http.Handler) {
	path, h := directorypbconnect.NewDirectoryHandler(&handler{service: service},
		connect.WithReadMaxBytes(maxMessage), connect.WithRecover(recovered))
	return path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		region, err := caller(r)
		if err != nil {
			http.Error(w, "who calls is not known", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, region)))
	})
}

// callerKey is under which a request's context has the caller's region.
type callerKey struct{}

func recovered(context.Context, connect.Spec, http.Header, any) error {
	return connect.NewError(connect.CodeInternal, errors.New("internal error"))
}

// itself refuses a caller that speaks for another region (C3).
func itself(ctx context.Context, named string) error {
	if caller, _ := ctx.Value(callerKey{}).(directory.Region); string(caller) != named || named == "" {
		return connect.NewError(connect.CodePermissionDenied, errors.New("a region can ask for itself only"))
	}
	return nil
}

// handler is the directory's end of each call.
type handler struct{ service directory.Service }

var _ directorypbconnect.DirectoryHandler = (*handler)(nil)

func (h *handler) CreatePerson(ctx context.Context, r *connect.Request[directorypb.CreatePersonRequest]) (*connect.Response[directorypb.PersonReply], error) {
	p, revision, err := h.service.CreatePerson(ctx, directory.NewPerson{
		ID: toID(r.Msg.GetId()), Email: r.Msg.GetEmail(), Name: r.Msg.GetName(),
		PasswordHash: r.Msg.GetPasswordHash(), By: toActor(r.Msg.GetBy()),
	})
	return reply(&directorypb.PersonReply{Person: fromDoc(p), Revision: uint64(revision)}, err)
}

func (h *handler) UpdatePerson(ctx context.Context, r *connect.Request[directorypb.UpdatePersonRequest]) (*connect.Response[directorypb.PersonReply], error) {
	p, revision, err := h.service.UpdatePerson(ctx, directory.PersonChange{
		ID: toID(r.Msg.GetId()), Name: r.Msg.Name, ProfilePicture: r.Msg.ProfilePicture,
		PasswordHash: r.Msg.PasswordHash, Disabled: r.Msg.Disabled, By: toActor(r.Msg.GetBy()),
	})
	return reply(&directorypb.PersonReply{Person: fromDoc(p), Revision: uint64(revision)}, err)
}

func (h *handler) People(ctx context.Context, r *connect.Request[directorypb.PeopleRequest]) (*connect.Response[directorypb.PeopleReply], error) {
	people, err := h.service.People(ctx, directory.PeopleQuery{
		IDs: toIDs(r.Msg.GetIds()), Emails: r.Msg.GetEmails(), After: toID(r.Msg.GetAfter()), Limit: int(r.Msg.GetLimit()),
	})
	out := &directorypb.PeopleReply{}
	for _, p := range people {
		out.Persons = append(out.Persons, fromDoc(p))
	}
	return reply(out, err)
}

func (h *handler) CheckPassword(ctx context.Context, r *connect.Request[directorypb.CheckPasswordRequest]) (*connect.Response[directorypb.CheckPasswordReply], error) {
	v, err := h.service.CheckPassword(ctx, r.Msg.GetEmail(), r.Msg.GetPassword())
	out := &directorypb.CheckPasswordReply{Person: fromDoc(v.Person), Credential: v.Credential}
	for _, region := range v.Regions {
		out.Regions = append(out.Regions, string(region))
	}
	return reply(out, err)
}

func (h *handler) ImportPeople(ctx context.Context, r *connect.Request[directorypb.ImportPeopleRequest]) (*connect.Response[directorypb.ImportPeopleReply], error) {
	i := directory.PeopleImport{
		Import: toID(r.Msg.GetImport()), Workspace: toID(r.Msg.GetWorkspace()), By: toActor(r.Msg.GetBy()),
	}
	for _, p := range r.Msg.GetPeople() {
		i.People = append(i.People, directory.NamedEmail{Email: p.GetEmail(), Name: p.GetName()})
	}
	people, revision, err := h.service.ImportPeople(ctx, i)
	out := &directorypb.ImportPeopleReply{Revision: uint64(revision)}
	for _, p := range people {
		out.People = append(out.People, &directorypb.ImportedPerson{Id: fromID(p.ID), Joined: p.Joined})
	}
	return reply(out, err)
}

func (h *handler) CreateWorkspace(ctx context.Context, r *connect.Request[directorypb.CreateWorkspaceRequest]) (*connect.Response[directorypb.PlacedReply], error) {
	p, revision, err := h.service.CreateWorkspace(ctx, directory.NewWorkspace{
		ID: toID(r.Msg.GetId()), Name: r.Msg.GetName(), Owner: toID(r.Msg.GetOwner()),
		Region: directory.Region(r.Msg.GetRegion()), Plan: directory.Plan(r.Msg.GetPlan()), By: toActor(r.Msg.GetBy()),
	})
	return reply(&directorypb.PlacedReply{Placed: fromPlaced(p), Revision: uint64(revision)}, err)
}

func (h *handler) ChangeWorkspace(ctx context.Context, r *connect.Request[directorypb.ChangeWorkspaceRequest]) (*connect.Response[directorypb.PlacedReply], error) {
	c := directory.WorkspaceChange{
		ID: toID(r.Msg.GetId()), Name: r.Msg.Name, Plan: text[directory.Plan](r.Msg.Plan),
		Reason: r.Msg.GetReason(), Subdomain: r.Msg.Subdomain, By: toActor(r.Msg.GetBy()),
	}
	if r.Msg.Owner != nil {
		owner := toID(r.Msg.GetOwner())
		c.Owner = &owner
	}
	p, revision, err := h.service.ChangeWorkspace(ctx, c)
	return reply(&directorypb.PlacedReply{Placed: fromPlaced(p), Revision: uint64(revision)}, err)
}

func (h *handler) DeleteWorkspace(ctx context.Context, r *connect.Request[directorypb.DeleteWorkspaceRequest]) (*connect.Response[directorypb.RevisionReply], error) {
	revision, err := h.service.DeleteWorkspace(ctx, toID(r.Msg.GetWorkspace()), toActor(r.Msg.GetBy()))
	return reply(&directorypb.RevisionReply{Revision: uint64(revision)}, err)
}

func (h *handler) Workspaces(ctx context.Context, r *connect.Request[directorypb.WorkspacesRequest]) (*connect.Response[directorypb.WorkspacesReply], error) {
	placed, err := h.service.Workspaces(ctx, directory.WorkspacesQuery{
		IDs: toIDs(r.Msg.GetIds()), Person: toID(r.Msg.GetPerson()), After: toID(r.Msg.GetAfter()), Limit: int(r.Msg.GetLimit()),
	})
	out := &directorypb.WorkspacesReply{}
	for _, p := range placed {
		out.Workspaces = append(out.Workspaces, fromPlaced(p))
	}
	return reply(out, err)
}

func (h *handler) Invite(ctx context.Context, r *connect.Request[directorypb.InviteRequest]) (*connect.Response[directorypb.InviteReply], error) {
	invited, revision, err := h.service.Invite(ctx, directory.Invite{
		Workspace: toID(r.Msg.GetWorkspace()), Persons: toIDs(r.Msg.GetPersons()), Emails: r.Msg.GetEmails(), By: toActor(r.Msg.GetBy()),
	})
	out := &directorypb.InviteReply{Revision: uint64(revision)}
	for _, i := range invited {
		out.Invited = append(out.Invited, &directorypb.Invited{Person: fromDoc(i.Person), Membership: fromDoc(i.Membership)})
	}
	return reply(out, err)
}

func (h *handler) SetMembership(ctx context.Context, r *connect.Request[directorypb.SetMembershipRequest]) (*connect.Response[directorypb.MembershipReply], error) {
	m, revision, err := h.service.SetMembership(ctx, directory.MembershipChange{
		Workspace: toID(r.Msg.GetWorkspace()), Person: toID(r.Msg.GetPerson()),
		Status: text[directory.Status](r.Msg.Status), Role: text[directory.Role](r.Msg.Role), By: toActor(r.Msg.GetBy()),
	})
	return reply(&directorypb.MembershipReply{Membership: fromDoc(m), Revision: uint64(revision)}, err)
}

func (h *handler) RemoveMembers(ctx context.Context, r *connect.Request[directorypb.RemoveMembersRequest]) (*connect.Response[directorypb.RevisionReply], error) {
	revision, err := h.service.RemoveMembers(ctx, directory.Removal{
		Workspace: toID(r.Msg.GetWorkspace()), Persons: toIDs(r.Msg.GetPersons()),
		OnlyPending: r.Msg.GetOnlyPending(), By: toActor(r.Msg.GetBy()),
	})
	return reply(&directorypb.RevisionReply{Revision: uint64(revision)}, err)
}

func (h *handler) Invitations(ctx context.Context, r *connect.Request[directorypb.InvitationsRequest]) (*connect.Response[directorypb.InvitationsReply], error) {
	invitations, err := h.service.Invitations(ctx, toID(r.Msg.GetPerson()))
	out := &directorypb.InvitationsReply{}
	for _, i := range invitations {
		out.Invitations = append(out.Invitations, &directorypb.Invitation{
			Workspace: fromID(i.Workspace), Name: i.Name, Region: string(i.Region),
		})
	}
	return reply(out, err)
}

func (h *handler) Answer(ctx context.Context, r *connect.Request[directorypb.AnswerRequest]) (*connect.Response[directorypb.MembershipReply], error) {
	m, revision, err := h.service.Answer(ctx, directory.Answer{
		Person: toID(r.Msg.GetPerson()), Workspace: toID(r.Msg.GetWorkspace()), Accept: r.Msg.GetAccept(),
	})
	return reply(&directorypb.MembershipReply{Membership: fromDoc(m), Revision: uint64(revision)}, err)
}

func (h *handler) PublishKey(ctx context.Context, r *connect.Request[directorypb.PublishKeyRequest]) (*connect.Response[directorypb.RevisionReply], error) {
	if err := itself(ctx, r.Msg.GetRegion()); err != nil {
		return nil, err
	}
	revision, err := h.service.PublishKey(ctx, directory.Region(r.Msg.GetRegion()), r.Msg.GetKey())
	return reply(&directorypb.RevisionReply{Revision: uint64(revision)}, err)
}

func (h *handler) Changes(ctx context.Context, r *connect.Request[directorypb.ChangesRequest]) (*connect.Response[directorypb.ChangesReply], error) {
	if err := itself(ctx, r.Msg.GetRegion()); err != nil {
		return nil, err
	}
	wait := time.Duration(r.Msg.GetWaitMs()) * time.Millisecond
	page, err := h.service.Changes(ctx, directory.Region(r.Msg.GetRegion()), r.Msg.GetCursor(), wait)
	return reply(fromPage(page), err)
}

// reply is an answer, or the error as it travels.
func reply[T any](answer *T, err error) (*connect.Response[T], error) {
	if err != nil {
		return nil, toWire(err)
	}
	return connect.NewResponse(answer), nil
}
