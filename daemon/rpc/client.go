package rpc

import (
	"context"
	"time"

	"connectrpc.com/connect"

	"domicile/daemon/directory"
	"domicile/daemon/rpc/directorypb"
	"domicile/daemon/rpc/directorypb/directorypbconnect"
	"domicile/store"
	"domicile/store/record"
)

const (
	// answerWithin is how long a call may take before the directory counts as away. Bulk imports and
	// deletions are many transactions.
	answerWithin = 10 * time.Second
	bulkWithin   = 2 * time.Minute
	// maxAnswer bounds an answer, so that a damaged one cannot take the node's memory.
	maxAnswer = 64 << 20
)

// client is directory.Service on a connection.
type client struct {
	calls directorypbconnect.DirectoryClient
}

var _ directory.Service = (*client)(nil)

// NewDirectory returns the directory at a base URL (https://HOST:PORT), called through an HTTP client that
// proves who calls and speaks HTTP/2.
func NewDirectory(through connect.HTTPClient, baseURL string) directory.Service {
	return &client{calls: directorypbconnect.NewDirectoryClient(through, baseURL, connect.WithReadMaxBytes(maxAnswer))}
}

// call makes one call within its time. write says whether it may have changed something when it fails.
func call[Q, A any](ctx context.Context, within time.Duration, write bool,
	method func(context.Context, *connect.Request[Q]) (*connect.Response[A], error), question *Q,
) (*A, error) {
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	answer, err := method(limited, connect.NewRequest(question))
	if err != nil {
		return nil, fromWire(ctx, err, write)
	}
	return answer.Msg, nil
}

func (c *client) CreatePerson(ctx context.Context, p directory.NewPerson) (directory.Person, store.Revision, error) {
	return toPerson(call(ctx, answerWithin, true, c.calls.CreatePerson, &directorypb.CreatePersonRequest{
		Id: fromID(p.ID), Email: p.Email, Name: p.Name, PasswordHash: p.PasswordHash, By: fromActor(p.By),
	}))
}

func (c *client) UpdatePerson(ctx context.Context, u directory.PersonChange) (directory.Person, store.Revision, error) {
	return toPerson(call(ctx, answerWithin, true, c.calls.UpdatePerson, &directorypb.UpdatePersonRequest{
		Id: fromID(u.ID), Name: u.Name, ProfilePicture: u.ProfilePicture, PasswordHash: u.PasswordHash,
		Disabled: u.Disabled, By: fromActor(u.By),
	}))
}

func toPerson(a *directorypb.PersonReply, err error) (directory.Person, store.Revision, error) {
	if err != nil {
		return directory.Person{}, 0, err
	}
	p, err := toDoc[directory.Person](a.GetPerson())
	return p, store.Revision(a.GetRevision()), err
}

func (c *client) People(ctx context.Context, q directory.PeopleQuery) ([]directory.Person, error) {
	a, err := call(ctx, answerWithin, false, c.calls.People, &directorypb.PeopleRequest{
		Ids: fromIDs(q.IDs), Emails: q.Emails, After: fromID(q.After), Limit: int32(min(max(q.Limit, 0), 1<<30)),
	})
	if err != nil {
		return nil, err
	}
	var out []directory.Person
	for _, encoded := range a.GetPersons() {
		p, err := toDoc[directory.Person](encoded)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (c *client) CheckPassword(ctx context.Context, email, password string) (directory.Verdict, error) {
	a, err := call(ctx, answerWithin, false, c.calls.CheckPassword, &directorypb.CheckPasswordRequest{Email: email, Password: password})
	if err != nil {
		return directory.Verdict{}, err
	}
	p, err := toDoc[directory.Person](a.GetPerson())
	v := directory.Verdict{Person: p, Credential: a.GetCredential()}
	for _, region := range a.GetRegions() {
		v.Regions = append(v.Regions, directory.Region(region))
	}
	return v, err
}

func (c *client) ImportPeople(ctx context.Context, i directory.PeopleImport) ([]directory.ImportedPerson, store.Revision, error) {
	question := &directorypb.ImportPeopleRequest{
		Import: fromID(i.Import), Workspace: fromID(i.Workspace), By: fromActor(i.By),
	}
	for _, p := range i.People {
		question.People = append(question.People, &directorypb.NamedEmail{Email: p.Email, Name: p.Name})
	}
	a, err := call(ctx, bulkWithin, true, c.calls.ImportPeople, question)
	if err != nil {
		return nil, 0, err
	}
	out := make([]directory.ImportedPerson, 0, len(a.GetPeople()))
	for _, p := range a.GetPeople() {
		out = append(out, directory.ImportedPerson{ID: toID(p.GetId()), Joined: p.GetJoined()})
	}
	return out, store.Revision(a.GetRevision()), nil
}

func (c *client) CreateWorkspace(ctx context.Context, w directory.NewWorkspace) (directory.Placed, store.Revision, error) {
	return toPlacedReply(call(ctx, answerWithin, true, c.calls.CreateWorkspace, &directorypb.CreateWorkspaceRequest{
		Id: fromID(w.ID), Name: w.Name, Owner: fromID(w.Owner), Region: string(w.Region), Plan: string(w.Plan), By: fromActor(w.By),
	}))
}

func (c *client) ChangeWorkspace(ctx context.Context, u directory.WorkspaceChange) (directory.Placed, store.Revision, error) {
	question := &directorypb.ChangeWorkspaceRequest{
		Id: fromID(u.ID), Name: u.Name, Plan: text[string](u.Plan), Reason: u.Reason, Subdomain: u.Subdomain, By: fromActor(u.By),
	}
	if u.Owner != nil {
		question.Owner = u.Owner[:]
	}
	return toPlacedReply(call(ctx, answerWithin, true, c.calls.ChangeWorkspace, question))
}

func toPlacedReply(a *directorypb.PlacedReply, err error) (directory.Placed, store.Revision, error) {
	if err != nil {
		return directory.Placed{}, 0, err
	}
	p, err := toPlaced(a.GetPlaced())
	return p, store.Revision(a.GetRevision()), err
}

func (c *client) DeleteWorkspace(ctx context.Context, workspace record.ID, by directory.Actor) (store.Revision, error) {
	return toRevision(call(ctx, bulkWithin, true, c.calls.DeleteWorkspace, &directorypb.DeleteWorkspaceRequest{
		Workspace: fromID(workspace), By: fromActor(by),
	}))
}

func toRevision(a *directorypb.RevisionReply, err error) (store.Revision, error) {
	return store.Revision(a.GetRevision()), err
}

func (c *client) Workspaces(ctx context.Context, q directory.WorkspacesQuery) ([]directory.Placed, error) {
	a, err := call(ctx, answerWithin, false, c.calls.Workspaces, &directorypb.WorkspacesRequest{
		Ids: fromIDs(q.IDs), Person: fromID(q.Person), After: fromID(q.After), Limit: int32(min(max(q.Limit, 0), 1<<30)),
	})
	if err != nil {
		return nil, err
	}
	var out []directory.Placed
	for _, encoded := range a.GetWorkspaces() {
		p, err := toPlaced(encoded)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (c *client) Invite(ctx context.Context, i directory.Invite) ([]directory.Invited, store.Revision, error) {
	a, err := call(ctx, answerWithin, true, c.calls.Invite, &directorypb.InviteRequest{
		Workspace: fromID(i.Workspace), Persons: fromIDs(i.Persons), Emails: i.Emails, By: fromActor(i.By),
	})
	if err != nil {
		return nil, 0, err
	}
	var out []directory.Invited
	for _, encoded := range a.GetInvited() {
		p, err := toDoc[directory.Person](encoded.GetPerson())
		if err != nil {
			return nil, 0, err
		}
		m, err := toDoc[directory.Membership](encoded.GetMembership())
		if err != nil {
			return nil, 0, err
		}
		out = append(out, directory.Invited{Person: p, Membership: m})
	}
	return out, store.Revision(a.GetRevision()), nil
}

func (c *client) SetMembership(ctx context.Context, u directory.MembershipChange) (directory.Membership, store.Revision, error) {
	return toMembership(call(ctx, answerWithin, true, c.calls.SetMembership, &directorypb.SetMembershipRequest{
		Workspace: fromID(u.Workspace), Person: fromID(u.Person), Status: text[string](u.Status),
		Role: text[string](u.Role), By: fromActor(u.By),
	}))
}

func toMembership(a *directorypb.MembershipReply, err error) (directory.Membership, store.Revision, error) {
	if err != nil {
		return directory.Membership{}, 0, err
	}
	m, err := toDoc[directory.Membership](a.GetMembership())
	return m, store.Revision(a.GetRevision()), err
}

func (c *client) RemoveMembers(ctx context.Context, r directory.Removal) (store.Revision, error) {
	return toRevision(call(ctx, bulkWithin, true, c.calls.RemoveMembers, &directorypb.RemoveMembersRequest{
		Workspace: fromID(r.Workspace), Persons: fromIDs(r.Persons), OnlyPending: r.OnlyPending, By: fromActor(r.By),
	}))
}

func (c *client) Invitations(ctx context.Context, person record.ID) ([]directory.Invitation, error) {
	a, err := call(ctx, answerWithin, false, c.calls.Invitations, &directorypb.InvitationsRequest{Person: fromID(person)})
	if err != nil {
		return nil, err
	}
	var out []directory.Invitation
	for _, i := range a.GetInvitations() {
		out = append(out, directory.Invitation{
			Workspace: toID(i.GetWorkspace()), Name: i.GetName(), Region: directory.Region(i.GetRegion()),
		})
	}
	return out, nil
}

func (c *client) Answer(ctx context.Context, a directory.Answer) (directory.Membership, store.Revision, error) {
	return toMembership(call(ctx, answerWithin, true, c.calls.Answer, &directorypb.AnswerRequest{
		Person: fromID(a.Person), Workspace: fromID(a.Workspace), Accept: a.Accept,
	}))
}

func (c *client) PublishKey(ctx context.Context, r directory.Region, key []byte) (store.Revision, error) {
	return toRevision(call(ctx, answerWithin, true, c.calls.PublishKey, &directorypb.PublishKeyRequest{Region: string(r), Key: key}))
}

func (c *client) Changes(ctx context.Context, r directory.Region, cursor string, wait time.Duration) (directory.Page, error) {
	a, err := call(ctx, answerWithin+max(wait, 0), false, c.calls.Changes, &directorypb.ChangesRequest{
		Region: string(r), Cursor: cursor, WaitMs: wait.Milliseconds(),
	})
	if err != nil {
		return directory.Page{}, err
	}
	return toPage(a), nil
}
