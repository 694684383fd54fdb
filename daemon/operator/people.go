package operator

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"domicile/daemon/directory"
	pb "domicile/daemon/rpc/operatorpb"
	"domicile/store/record"
)

// pageSize is how many people or workspaces one call to the directory answers.
const pageSize = 1000

// CreatePerson records a person who can sign in.
func (s *service) CreatePerson(ctx context.Context, r *connect.Request[pb.CreatePersonRequest]) (*connect.Response[pb.CreatePersonResponse], error) {
	if err := directory.CheckEmail(r.Msg.Email); err != nil {
		return nil, err
	}
	password, made, err := passwordOr(r.Msg.Password)
	if err != nil {
		return nil, err
	}
	hash, err := directory.HashPassword(password)
	if err != nil {
		return nil, err
	}
	p, revision, err := s.Directory.CreatePerson(ctx, directory.NewPerson{
		Email: r.Msg.Email, Name: r.Msg.Name, PasswordHash: hash, By: actor(),
	})
	if err != nil {
		return nil, fmt.Errorf("create person: %w", err)
	}
	s.settle(ctx, revision)
	return connect.NewResponse(&pb.CreatePersonResponse{Person: person(p), Password: made}), nil
}

// ListPeople lists everybody whom the directory knows.
func (s *service) ListPeople(ctx context.Context, _ *connect.Request[pb.ListPeopleRequest]) (*connect.Response[pb.ListPeopleResponse], error) {
	out := &pb.ListPeopleResponse{}
	for after := (record.ID{}); ; {
		page, err := s.Directory.People(ctx, directory.PeopleQuery{After: after, Limit: pageSize})
		if err != nil {
			return nil, fmt.Errorf("list people: %w", err)
		}
		for _, p := range page {
			out.People = append(out.People, person(p))
			after = p.ID
		}
		if len(page) < pageSize {
			return connect.NewResponse(out), nil
		}
	}
}

// ShowPerson tells a person's profile and workspaces.
func (s *service) ShowPerson(ctx context.Context, r *connect.Request[pb.ShowPersonRequest]) (*connect.Response[pb.ShowPersonResponse], error) {
	p, err := s.findPerson(ctx, r.Msg.Person)
	if err != nil {
		return nil, err
	}
	out := person(p)
	placed, err := s.Directory.Workspaces(ctx, directory.WorkspacesQuery{Person: p.ID})
	if err != nil {
		return nil, fmt.Errorf("list workspaces of person: %w", err)
	}
	for _, w := range placed {
		out.Memberships = append(out.Memberships, &pb.Membership{
			Workspace: w.Workspace.ID.String(), Name: w.Workspace.Name,
			Status: string(w.Status), Role: string(w.Role), Region: string(w.Home.Region),
		})
	}
	return connect.NewResponse(&pb.ShowPersonResponse{Person: out}), nil
}

// DisablePerson ends what a person can do, everywhere, as the regions hear of it.
func (s *service) DisablePerson(ctx context.Context, r *connect.Request[pb.DisablePersonRequest]) (*connect.Response[pb.DisablePersonResponse], error) {
	p, err := s.findPerson(ctx, r.Msg.Person)
	if err != nil {
		return nil, err
	}
	disabled := true
	p, revision, err := s.Directory.UpdatePerson(ctx, directory.PersonChange{ID: p.ID, Disabled: &disabled, By: actor()})
	if err != nil {
		return nil, fmt.Errorf("disable person: %w", err)
	}
	s.settle(ctx, revision)
	return connect.NewResponse(&pb.DisablePersonResponse{Person: person(p)}), nil
}

// ResetPassword gives a person another password.
func (s *service) ResetPassword(ctx context.Context, r *connect.Request[pb.ResetPasswordRequest]) (*connect.Response[pb.ResetPasswordResponse], error) {
	p, err := s.findPerson(ctx, r.Msg.Person)
	if err != nil {
		return nil, err
	}
	password, made, err := passwordOr(r.Msg.Password)
	if err != nil {
		return nil, err
	}
	hash, err := directory.HashPassword(password)
	if err != nil {
		return nil, err
	}
	_, revision, err := s.Directory.UpdatePerson(ctx, directory.PersonChange{ID: p.ID, PasswordHash: &hash, By: actor()})
	if err != nil {
		return nil, fmt.Errorf("reset password: %w", err)
	}
	s.settle(ctx, revision)
	return connect.NewResponse(&pb.ResetPasswordResponse{Password: made}), nil
}

// findPerson finds who is meant by an id or an e-mail address.
func (s *service) findPerson(ctx context.Context, named string) (directory.Person, error) {
	q := directory.PeopleQuery{}
	if id, err := record.ParseID(named); err == nil {
		q.IDs = []record.ID{id}
	} else if strings.Contains(named, "@") {
		q.Emails = []string{named}
	} else {
		return directory.Person{}, invalid("a person is named by id or e-mail address")
	}
	found, err := s.Directory.People(ctx, q)
	if err != nil {
		return directory.Person{}, fmt.Errorf("find person: %w", err)
	}
	if len(found) == 0 {
		return directory.Person{}, fmt.Errorf("find person: %w", directory.ErrNotFound)
	}
	return found[0], nil
}

// passwordOr returns the password that was given, or one that it makes, which is then in made too.
func passwordOr(given string) (password, made string, err error) {
	if given != "" {
		return given, "", nil
	}
	raw := make([]byte, 15) // 120 bits, 20 characters
	if _, err := rand.Read(raw); err != nil {
		return "", "", fmt.Errorf("make password: %w", err)
	}
	made = base64.RawURLEncoding.EncodeToString(raw)
	return made, made, nil
}

func person(p directory.Person) *pb.Person {
	return &pb.Person{
		Id: p.ID.String(), Email: p.Email, Name: p.Name, Status: string(p.Status),
		CreatedAt: timestamppb.New(p.CreatedAt),
	}
}
