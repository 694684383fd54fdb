package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"domicile/store"
	"domicile/store/record"
)

// CreatePerson implements Service.
func (d *Directory) CreatePerson(ctx context.Context, p NewPerson) (Person, store.Revision, error) {
	if err := checkNewPerson(&p); err != nil {
		return Person{}, 0, err
	}
	id := p.ID
	if id.IsZero() {
		id = d.o.IDs.Next(d.o.Now())
	}
	var made Person
	revision, err := d.write(ctx, func(v *store.View, c *change) error {
		known, err := d.records.PersonByEmail(v, p.Email)
		switch {
		case errors.Is(err, ErrNotFound):
			made = Person{ID: id, Email: p.Email, Name: p.Name, Status: PersonNotRegistered, CreatedAt: d.now()}
			c.require(store.Absent(record.Key{Kind: record.Person, ID: id}))
			if taken, err := d.has(v, record.Person, id); err != nil || taken {
				return errors.Join(err, fmt.Errorf("person %s: %w", id, ErrExists))
			}
		case err != nil:
			return err
		case known.Status == PersonNotRegistered:
			// Somebody invited or imported them before: same person, now with a name and a password.
			made = known
			made.Name = p.Name
			if err := d.hold(v, c, record.Person, known.ID); err != nil {
				return err
			}
		case known.ID == p.ID:
			made = known // a repeat
			return nil
		default:
			return ErrEmailTaken
		}
		if p.PasswordHash != "" {
			made.Password, made.Status = p.PasswordHash, PersonActive
		}
		if err := c.put(record.Person, made.ID, made); err != nil {
			return err
		}
		return d.trail(c, p.By, "person.create", "", made.ID)
	})
	return made.public(), revision, err
}

func checkNewPerson(p *NewPerson) error {
	p.Email = strings.TrimSpace(p.Email)
	if err := CheckEmail(p.Email); err != nil {
		return err
	}
	if p.Name == "" {
		p.Name = nameOf(p.Email)
	}
	if err := checkName("name", p.Name); err != nil {
		return err
	}
	if p.PasswordHash != "" {
		return checkHashForm(p.PasswordHash)
	}
	return nil
}

func nameOf(email string) string { return email[:strings.LastIndexByte(email, '@')] }

// public is the person without the credential.
func (p Person) public() Person {
	p.Password = ""
	return p
}

// UpdatePerson implements Service.
func (d *Directory) UpdatePerson(ctx context.Context, u PersonChange) (Person, store.Revision, error) {
	if err := checkPersonChange(u); err != nil {
		return Person{}, 0, err
	}
	var p Person
	revision, err := d.write(ctx, func(v *store.View, c *change) error {
		var err error
		if p, err = d.records.Person(v, u.ID); err != nil {
			return err
		}
		before := p
		var codes []string
		if u.Name != nil {
			p.Name = *u.Name
		}
		if u.ProfilePicture != nil {
			p.ProfilePicture = *u.ProfilePicture
		}
		if u.PasswordHash != nil {
			p.Password = *u.PasswordHash
			codes = append(codes, "person.reset-password")
		}
		if u.Disabled != nil {
			codes = append(codes, map[bool]string{true: "person.disable", false: "person.enable"}[*u.Disabled])
		}
		p.Status = statusOf(p, u)
		if p == before {
			return nil
		}
		if err := d.hold(v, c, record.Person, p.ID); err != nil {
			return err
		}
		if err := c.put(record.Person, p.ID, p); err != nil {
			return err
		}
		for _, code := range codes {
			if err := d.trail(c, u.By, code, "", p.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return p.public(), revision, err
}

func checkPersonChange(u PersonChange) error {
	if u.Name != nil {
		if err := checkName("name", *u.Name); err != nil {
			return err
		}
	}
	if u.ProfilePicture != nil && len(*u.ProfilePicture) > 2048 {
		return &Invalid{"profilePicture", "is longer than 2,048 bytes"}
	}
	if u.PasswordHash != nil {
		return checkHashForm(*u.PasswordHash)
	}
	return nil
}

// statusOf is a person's status after a change: a password makes somebody registered; disabling is undone
// by enabling only.
func statusOf(p Person, u PersonChange) PersonStatus {
	switch {
	case u.Disabled != nil && *u.Disabled:
		return PersonDisabled
	case p.Status == PersonDisabled && u.Disabled == nil:
		return PersonDisabled
	case p.Password != "":
		return PersonActive
	default:
		return PersonNotRegistered
	}
}

// People implements Service.
func (d *Directory) People(ctx context.Context, q PeopleQuery) ([]Person, error) {
	v, err := d.o.Cell.View(ctx)
	if err != nil {
		return nil, away(ctx, err)
	}
	defer v.Close()
	var out []Person
	add := func(p Person, err error) error {
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err == nil {
			out = append(out, p.public())
		}
		return err
	}
	if len(q.IDs)+len(q.Emails) > 0 {
		for _, id := range q.IDs {
			if err := add(d.records.Person(v, id)); err != nil {
				return nil, err
			}
		}
		for _, email := range q.Emails {
			if err := add(d.records.PersonByEmail(v, email)); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	ids, err := d.page(v, record.Person, q.After, q.Limit)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := add(d.records.Person(v, id)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

const defaultLimit = 1000

// page is the ids of a kind after one, in order.
func (d *Directory) page(v *store.View, kind record.Kind, after record.ID, limit int) ([]record.ID, error) {
	if limit <= 0 {
		limit = defaultLimit
	}
	var ids []record.ID
	for rec, err := range v.Records(record.DirectoryID, kind) {
		if err != nil {
			return nil, fmt.Errorf("read %s records: %w", kind, err)
		}
		if rec.Key.ID.Compare(after) <= 0 {
			continue
		}
		if ids = append(ids, rec.Key.ID); len(ids) == limit {
			break
		}
	}
	return ids, nil
}

// CheckPassword implements Service.
func (d *Directory) CheckPassword(ctx context.Context, email, password string) (Verdict, error) {
	v, err := d.o.Cell.View(ctx)
	if err != nil {
		return Verdict{}, away(ctx, err)
	}
	defer v.Close()
	p, err := d.records.PersonByEmail(v, email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Verdict{}, err
	}
	select {
	case d.checks <- struct{}{}:
		defer func() { <-d.checks }()
	case <-ctx.Done():
		return Verdict{}, ctx.Err()
	}
	if !CheckHash(p.Password, password) || p.Status != PersonActive {
		return Verdict{}, ErrBadCredential
	}
	placed, err := d.records.WorkspacesOf(v, p.ID)
	if err != nil {
		return Verdict{}, err
	}
	verdict := Verdict{Person: p.public(), Credential: Fingerprint(p.Password)}
	for _, place := range d.o.Regions.All() {
		if slices.ContainsFunc(placed, func(w Placed) bool { return w.Home.Region == place.Region }) {
			verdict.Regions = append(verdict.Regions, place.Region)
		}
	}
	if len(verdict.Regions) == 0 {
		verdict.Regions = []Region{Global}
	}
	return verdict, nil
}
