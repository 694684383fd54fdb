package workspace

import (
	"errors"
	"fmt"
	"time"

	"github.com/tidwall/gjson"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// lockedRetry is what a client of a locked workspace waits before it asks
// again; locked windows are shorter (B1).
const lockedRetry = time.Second

// Scope is a person in a workspace, as one view of the cell shows them: what
// every method that works in a workspace takes.
type Scope struct {
	Principal auth.Principal
	Member    auth.Member // role, what they manage, the workspace's plan
	Workspace record.ID
	Home      directory.Home
	View      *store.View     // linearizable; whoever opened it closes it
	Repeat    *Repeat         // of a request with an Idempotency-Key
	Match     *store.Revision // of a request with If-Match

	member   []byte // the caller's member record, or nil
	settings []byte // the workspace's settings, or the defaults
}

// Judge says where a workspace is, before anybody asks who wants to know:
// *Elsewhere if in another region. A workspace that is unknown is no error.
func (s *Service) Judge(v *store.View, workspace record.ID) error {
	home, err := s.Mirror.Home(v, workspace)
	if errors.Is(err, directory.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if home.Region != s.Region {
		return &Elsewhere{Region: string(home.Region)}
	}
	return nil
}

// Enter makes the scope of a person in a workspace. ErrForbidden also for
// workspaces that nobody has: who is no member is not told which. What the
// person may do there is asked by Can and Check.
func (s *Service) Enter(v *store.View, p auth.Principal, workspace record.ID) (*Scope, error) {
	if err := s.Judge(v, workspace); err != nil {
		return nil, err
	}
	c, err := s.scope(v, p, workspace)
	if err != nil {
		return nil, err
	}
	return c, s.writable(v, workspace, c.Home.Epoch)
}

func (s *Service) scope(v *store.View, p auth.Principal, workspace record.ID) (*Scope, error) {
	c := &Scope{Principal: p, Workspace: workspace, View: v}
	var err error
	c.Member, err = s.Auth.Member(v, p, workspace)
	if errors.Is(err, auth.ErrNotMember) {
		return nil, ErrForbidden
	}
	if err != nil {
		return nil, err
	}
	if c.Home, err = s.Mirror.Home(v, workspace); err != nil {
		return nil, err
	}
	if c.member, err = optional(v, workspace, record.Key{Kind: record.Member, ID: p.Person}); err != nil {
		return nil, err
	}
	c.settings, err = settingsDoc(v, workspace)
	return c, err
}

// writable judges the workspace's header: served here and now, or why not.
func (s *Service) writable(v *store.View, workspace record.ID, epoch store.Epoch) error {
	h, err := v.Header(workspace)
	if errors.Is(err, store.ErrNotFound) {
		return ErrNotReady
	}
	if err != nil {
		return fmt.Errorf("read header of %s: %w", workspace, err)
	}
	switch {
	case h.State == store.Locked:
		e := &Locked{Retry: lockedRetry}
		if h.Open != nil {
			e.Transfer = h.Open.Transfer
		}
		return e
	case h.State != store.Active, h.Epoch != epoch:
		return ErrNotReady
	}
	return nil
}

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }

// optional reads a record's document; nil where there is none.
func optional(v *store.View, workspace record.ID, k record.Key) ([]byte, error) {
	r, err := v.Get(workspace, k.Kind, k.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", k, err)
	}
	return r.Doc, nil
}

// Can asks the permission table about the workspace as a whole.
func (c *Scope) Can(action auth.Action) bool { return c.May(action, auth.Target{}) }

// May asks the permission table about a person's or project's records.
func (c *Scope) May(action auth.Action, t auth.Target) bool {
	if t.Settings == nil {
		t.Settings = c.settings
	}
	return auth.Allow(c.Member, action, t)
}

// Check is May as an error: nil or ErrForbidden.
func (c *Scope) Check(action auth.Action, t auth.Target) error {
	if !c.May(action, t) {
		return ErrForbidden
	}
	return nil
}

// Self says whether the person is the caller.
func (c *Scope) Self(person record.ID) bool { return c.Principal.Person == person }

// Setting reads one of the workspace's settings by its path in the record.
func (c *Scope) Setting(path string) gjson.Result { return gjson.GetBytes(c.settings, path) }

// Zone is where the caller's days begin and end: their own time zone, else the
// workspace's, else UTC.
func (c *Scope) Zone() *time.Location {
	for _, name := range []string{
		gjson.GetBytes(c.member, "settings.timeZone").String(),
		c.Setting("workspaceSettings.timeZone").String(),
		c.Setting("workspaceSettings.lockTimeZone").String(),
	} {
		if name == "" {
			continue
		}
		if zone, err := time.LoadLocation(name); err == nil {
			return zone
		}
	}
	return time.UTC
}

// Regional says whether the workspace lives in a region other than global.
func (c *Scope) Regional() bool { return c.Home.Region != directory.Global }

// MayTrack is ErrPlan where the plan of a regional workspace has lapsed: no
// new time, everything else goes on.
func (c *Scope) MayTrack() error {
	if c.Regional() && !c.Member.Plan.Regional() {
		return ErrPlan
	}
	return nil
}

// Currency is the workspace's default currency.
func (c *Scope) Currency() string {
	for _, path := range []string{"hourlyRate.currency", "currencies.#(isDefault==true).code"} {
		if code := c.Setting(path).String(); code != "" {
			return code
		}
	}
	return "USD"
}
