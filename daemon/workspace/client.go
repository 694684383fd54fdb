package workspace

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// ClientInput is what clients are made and changed with. Currency, archive and
// further addresses are taken by changes only.
type ClientInput struct {
	Name       *string   `json:"name"`
	Email      *string   `json:"email"`
	CCEmails   *[]string `json:"ccEmails"`
	Address    *string   `json:"address"`
	Note       *string   `json:"note"`
	Archived   *bool     `json:"archived"`
	CurrencyID *string   `json:"currencyId"`
}

// maxCCEmails is how many further addresses a client has at most.
const maxCCEmails = 3

func (in *ClientInput) check() error {
	for field, text := range map[string]*string{"address": in.Address, "note": in.Note} {
		if text != nil {
			if err := checkText(field, *text, 3000); err != nil {
				return err
			}
		}
	}
	addresses := []string{}
	if in.Email != nil && *in.Email != "" {
		addresses = append(addresses, *in.Email)
	}
	if in.CCEmails != nil {
		if len(*in.CCEmails) > maxCCEmails {
			return &Refused{Message: "Number of additional emails must be at most 3"}
		}
		addresses = append(addresses, *in.CCEmails...)
	}
	for _, a := range addresses {
		if directory.CheckEmail(a) != nil {
			return &Invalid{Field: "email", Reason: "is not an e-mail address"}
		}
	}
	return nil
}

// clientShape derives the currency's code: the client's, else the workspace's.
func (c *Scope) clientShape(r store.Record) (Document, error) {
	d, err := c.plain(r)
	if err != nil {
		return d, err
	}
	code := c.Currency()
	if id := gjson.GetBytes(r.Doc, "currencyId").String(); id != "" {
		if own := c.Setting(fmt.Sprintf(`currencies.#(id==%q).code`, id)).String(); own != "" {
			code = own
		}
	}
	d.Derived = append(d.Derived, Derived{Name: "currencyCode", JSON: []byte(strconv.Quote(code))})
	return d, nil
}

// Clients lists clients.
func (s *Service) Clients(c *Scope, f NameFilter) (List, error) {
	return s.names(c, record.Client, c.View.Records(c.Workspace, record.Client), f, nil, c.clientShape)
}

// Client reads one client.
func (s *Service) Client(c *Scope, text string) (Document, error) {
	_, r, err := load[ClientDocument](s, c.View, c, record.Client, text)
	if err != nil {
		return Document{}, err
	}
	return c.clientShape(r)
}

// CreateClient makes a client.
func (s *Service) CreateClient(ctx context.Context, c *Scope, in ClientInput) (Written, error) {
	name, err := checkName(in.Name, 1, 100)
	if err != nil {
		return Written{}, err
	}
	in.CCEmails = nil // taken by changes only, as the vendor does
	if err := in.check(); err != nil {
		return Written{}, err
	}
	doc := NewClientDocument(s.IDs.Next(s.Now()), name)
	doc.Email, doc.Address, doc.Note = in.Email, in.Address, in.Note
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		if err := s.free(v, c, record.Client, "name", "name", doc.ID, record.FoldedValue(name)); err != nil {
			return nil, err
		}
		change := &Change{}
		r, err := change.add(record.Key{Kind: record.Client, ID: doc.ID}, doc)
		if err != nil {
			return nil, err
		}
		return change.answer(r, c.clientShape)
	})
}

// UpdateClient replaces a client; only the currency stays if it is left out.
// Archiving can take the client's projects along, and finish their tasks.
func (s *Service) UpdateClient(ctx context.Context, c *Scope, text string, in ClientInput, archiveProjects, finishTasks bool) (Written, error) {
	if err := in.check(); err != nil {
		return Written{}, err
	}
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		doc, read, err := load[ClientDocument](s, v, c, record.Client, text)
		if err != nil {
			return nil, err
		}
		if doc.Name, err = checkName(in.Name, 1, 100); err != nil {
			return nil, err
		}
		doc.Email, doc.Address, doc.Note, doc.CCEmails = in.Email, in.Address, in.Note, nil
		if in.CCEmails != nil && len(*in.CCEmails) > 0 {
			doc.CCEmails = in.CCEmails
		}
		doc.Archived = in.Archived != nil && *in.Archived
		if err := c.clientCurrency(&doc, in.CurrencyID); err != nil {
			return nil, err
		}
		if err := s.free(v, c, record.Client, "name", "name", doc.ID, record.FoldedValue(doc.Name)); err != nil {
			return nil, err
		}
		change := &Change{}
		r, err := change.replace(read, doc)
		if err != nil {
			return nil, err
		}
		if doc.Archived && archiveProjects {
			if err := s.archiveProjectsOf(v, c, change, doc.ID, finishTasks); err != nil {
				return nil, err
			}
		}
		return change.answer(r, c.clientShape)
	})
}

func (c *Scope) clientCurrency(doc *ClientDocument, text *string) error {
	if text == nil {
		return nil
	}
	if *text == "" {
		doc.CurrencyID = nil
		return nil
	}
	id, err := record.ParseID(*text)
	if err != nil || !c.Setting(fmt.Sprintf(`currencies.#(id==%q)`, strings.ToLower(*text))).Exists() {
		return &Foreign{Noun: "Currency"}
	}
	doc.CurrencyID = &id
	return nil
}

// maxWith is how many records one request may change besides the one it names:
// a transaction has a bound.
const maxWith = 450

// archiveProjectsOf archives a client's projects in the same transaction.
func (s *Service) archiveProjectsOf(v *store.View, c *Scope, change *Change, client record.ID, finishTasks bool) error {
	for r, err := range indexed(v, c.Workspace, record.Project, "client", record.TextValue(client.String())) {
		if err != nil {
			return err
		}
		var p ProjectDocument
		if err := json.Unmarshal(r.Doc, &p); err != nil {
			return fmt.Errorf("decode project: %w", err)
		}
		if err := c.Check(auth.ProjectsChange, auth.Target{Project: p.ID}); err != nil {
			return err
		}
		if finishTasks {
			if err := s.finishTasksOf(v, c, change, p.ID); err != nil {
				return err
			}
		}
		if p.Archived {
			continue
		}
		p.Archived = true
		if _, err := change.replace(r, p); err != nil {
			return err
		}
		if len(change.Puts) > maxWith {
			return &Refused{Message: "The client has too many projects and tasks to be changed in one request"}
		}
	}
	return nil
}

func (s *Service) finishTasksOf(v *store.View, c *Scope, change *Change, project record.ID) error {
	for r, err := range indexed(v, c.Workspace, record.Task, "name", record.RefValue(project)) {
		if err != nil {
			return err
		}
		var t TaskDocument
		if err := json.Unmarshal(r.Doc, &t); err != nil {
			return fmt.Errorf("decode task: %w", err)
		}
		if t.Status == taskDone {
			continue
		}
		t.Status = taskDone
		if _, err := change.replace(r, t); err != nil {
			return err
		}
		if len(change.Puts) > maxWith {
			return &Refused{Message: "The client has too many projects and tasks to be changed in one request"}
		}
	}
	return nil
}

// DeleteClient removes an archived client; its projects are shown without.
func (s *Service) DeleteClient(ctx context.Context, c *Scope, text string) (Written, error) {
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		doc, r, err := load[ClientDocument](s, v, c, record.Client, text)
		if err != nil {
			return nil, err
		}
		if !doc.Archived {
			return nil, &Refused{Message: "Cannot delete an active client"}
		}
		return remove(r, c.clientShape)
	})
}
