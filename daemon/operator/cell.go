package operator

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	pb "domicile/daemon/rpc/operatorpb"
	"domicile/store/record"
)

// CreateKey makes a key of somebody with an account in this region.
func (s *service) CreateKey(ctx context.Context, r *connect.Request[pb.CreateKeyRequest]) (*connect.Response[pb.CreateKeyResponse], error) {
	var k auth.Key
	var secret string
	err := soon(ctx, func() error {
		p, err := s.findHere(ctx, r.Msg.Person)
		if err != nil {
			return err
		}
		if k, secret, err = s.Keys.CreateKey(ctx, p, r.Msg.Name, actor()); err != nil {
			return fmt.Errorf("create key: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&pb.CreateKeyResponse{Key: key(k), Secret: secret}), nil
}

// ListKeys lists a person's keys in this region.
func (s *service) ListKeys(ctx context.Context, r *connect.Request[pb.ListKeysRequest]) (*connect.Response[pb.ListKeysResponse], error) {
	p, err := s.findHere(ctx, r.Msg.Person)
	if err != nil {
		return nil, err
	}
	keys, err := s.Keys.Keys(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	out := &pb.ListKeysResponse{}
	for _, k := range keys {
		out.Keys = append(out.Keys, key(k))
	}
	return connect.NewResponse(out), nil
}

// RevokeKey ends a key at once.
func (s *service) RevokeKey(ctx context.Context, r *connect.Request[pb.RevokeKeyRequest]) (*connect.Response[pb.RevokeKeyResponse], error) {
	id, err := record.ParseID(r.Msg.Key)
	if err != nil {
		return nil, invalid("a key is named by its id")
	}
	p, err := s.findHere(ctx, r.Msg.Person)
	if err != nil {
		return nil, err
	}
	if err := s.Keys.RevokeKey(ctx, p, id, actor()); err != nil {
		return nil, fmt.Errorf("revoke key %s: %w", id, err)
	}
	return connect.NewResponse(&pb.RevokeKeyResponse{}), nil
}

// findHere finds a person whom this region's mirror knows, without the directory.
func (s *service) findHere(ctx context.Context, named string) (record.ID, error) {
	v, err := s.Cell.View(ctx)
	if err != nil {
		return record.ID{}, fmt.Errorf("find person: %w", err)
	}
	defer v.Close()
	var p directory.Person
	if id, bad := record.ParseID(named); bad == nil {
		p, err = s.mirror.Person(v, id)
	} else {
		p, err = s.mirror.PersonByEmail(v, named)
	}
	if err != nil {
		return record.ID{}, fmt.Errorf("find person in region %s: %w", s.Region, err)
	}
	return p.ID, nil
}

// CellStatus tells how the cell is.
func (s *service) CellStatus(ctx context.Context, _ *connect.Request[pb.CellStatusRequest]) (*connect.Response[pb.CellStatusResponse], error) {
	status, err := s.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read status of cell: %w", err)
	}
	out := &pb.CellStatusResponse{
		Id: status.Cell, Region: string(s.Region), Leader: status.Leader, Term: status.Term,
	}
	for _, n := range status.Nodes {
		out.Nodes = append(out.Nodes, &pb.Node{
			Id: n.ID, Voter: n.Voter, Leader: n.Leader, Applied: n.Applied, Lag: n.Lag,
			DiskFree: n.DiskFree, CertDays: int32(n.CertDays), Version: n.Version,
		})
	}
	return connect.NewResponse(out), nil
}

// ListRegions tells the regions and their public signing keys, as the mirror has them.
func (s *service) ListRegions(ctx context.Context, _ *connect.Request[pb.ListRegionsRequest]) (*connect.Response[pb.ListRegionsResponse], error) {
	v, err := s.Cell.View(ctx)
	if err != nil {
		return nil, fmt.Errorf("read regions: %w", err)
	}
	defer v.Close()
	published, err := s.mirror.Keys(v)
	if err != nil {
		return nil, fmt.Errorf("read keys of regions: %w", err)
	}
	out := &pb.ListRegionsResponse{}
	for _, place := range s.Regions.All() {
		region := &pb.Region{
			Region: string(place.Region), Name: place.Name, Country: place.Country, BaseUrl: place.BaseURL,
		}
		for _, k := range published {
			if k.Region != place.Region {
				continue
			}
			for _, public := range k.Keys {
				region.Keys = append(region.Keys, &pb.SigningKey{Key: public.Key, Since: timestamppb.New(public.Since)})
			}
		}
		out.Regions = append(out.Regions, region)
	}
	return connect.NewResponse(out), nil
}

func key(k auth.Key) *pb.Key {
	out := &pb.Key{Id: k.ID.String(), Person: k.Person.String(), Name: k.Name, CreatedAt: timestamppb.New(k.Created)}
	if !k.LastUsed.IsZero() {
		out.LastUsed = timestamppb.New(k.LastUsed)
	}
	return out
}
