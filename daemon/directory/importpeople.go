package directory

import (
	"context"
	"fmt"
	"strings"

	"domicile/store"
	"domicile/store/record"
)

// importChunk bounds the people of one transaction: two records each, at most 500 in all.
const importChunk = 240

// ImportPeople implements Service. Each chunk is a transaction; a repeat after a crash finds the earlier
// chunks done and gives the same ids.
func (d *Directory) ImportPeople(ctx context.Context, i PeopleImport) ([]ImportedPerson, store.Revision, error) {
	people := make([]NamedEmail, len(i.People))
	for n, p := range i.People {
		if err := CheckEmail(p.Email); err != nil {
			return nil, 0, fmt.Errorf("person %d: %w", n+1, err)
		}
		people[n] = NamedEmail{Email: strings.TrimSpace(p.Email), Name: p.Name}
	}
	out := make([]ImportedPerson, 0, len(people))
	byEmail := map[string]ImportedPerson{}
	var revision store.Revision
	for len(people) > 0 {
		chunk := people[:min(len(people), importChunk)]
		people = people[len(chunk):]
		var done []ImportedPerson
		r, err := d.write(ctx, func(v *store.View, c *change) (err error) {
			done, err = d.importChunk(v, c, i, chunk, byEmail)
			return err
		})
		if err != nil {
			return nil, 0, err
		}
		for n, p := range done {
			byEmail[FoldEmail(chunk[n].Email)] = p
		}
		out, revision = append(out, done...), max(revision, r)
	}
	return out, revision, nil
}

func (d *Directory) importChunk(v *store.View, c *change, i PeopleImport, chunk []NamedEmail,
	earlier map[string]ImportedPerson,
) ([]ImportedPerson, error) {
	if _, err := d.live(v, i.Workspace); err != nil {
		return nil, err
	}
	if err := d.hold(v, c, record.Workspace, i.Workspace); err != nil {
		return nil, err
	}
	here := map[string]ImportedPerson{}
	out := make([]ImportedPerson, 0, len(chunk))
	for _, n := range chunk {
		folded := FoldEmail(n.Email)
		if p, ok := earlier[folded]; ok {
			out = append(out, p)
			continue
		}
		if p, ok := here[folded]; ok {
			out = append(out, p)
			continue
		}
		p, made, err := d.known(v, c, n, ImportedPersonID(i.Import, n.Email))
		if err != nil {
			return nil, err
		}
		m, joined, err := d.join(v, c, p.ID, i.Workspace)
		if err != nil {
			return nil, err
		}
		// A repeat finds what the first call made: a person of this import's id who has not answered.
		again := !made && m.Status == Pending && p.ID == ImportedPersonID(i.Import, n.Email)
		here[folded] = ImportedPerson{ID: p.ID, Joined: joined || again}
		out = append(out, here[folded])
	}
	if len(c.puts) == 0 {
		return out, nil
	}
	return out, d.trail(c, i.By, "member.import", "", i.Workspace, i.Import)
}
