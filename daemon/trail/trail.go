package trail

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"domicile/store"
	"domicile/store/record"
)

// ErrInvalid means that an act has no actor or code, or one that is no code.
var ErrInvalid = errors.New("not an act")

// Actor is who acted: the kind of credential ("key", "session", "addon", "operator", "system"), the person it
// stands for and its own id. Zero ids are left out.
type Actor struct {
	Kind       string
	Person     record.ID
	Credential record.ID
}

// Act is one thing that somebody asked for and that was done.
type Act struct {
	At       time.Time
	By       Actor
	Code     string      // what was done: "key.create", "workspace.set-owner"
	Reason   string      // a code that an operator gave, or ""
	Subjects []record.ID // to what, most important first
}

// Reasons and codes are lower-case words joined by dots and hyphens: nothing that somebody typed freely.
const codeLetters = "abcdefghijklmnopqrstuvwxyz0123456789.-"

func (a Act) check() error {
	for _, c := range []struct{ name, value string }{
		{"kind of actor", a.By.Kind},
		{"code", a.Code},
		{"reason", a.Reason},
	} {
		if c.value == "" && c.name != "reason" {
			return fmt.Errorf("record act: %s is missing: %w", c.name, ErrInvalid)
		}
		if len(c.value) > 64 || strings.Trim(c.value, codeLetters) != "" {
			return fmt.Errorf("record act: %s is no code: %w", c.name, ErrInvalid)
		}
	}
	return nil
}

// document is an Act as it is stored: ids and codes only.
type document struct {
	ID       record.ID   `json:"id"`
	At       time.Time   `json:"at"`
	Actor    actor       `json:"actor"`
	Code     string      `json:"code"`
	Reason   string      `json:"reason,omitempty"`
	Subjects []record.ID `json:"subjects"`
}

type actor struct {
	Kind       string    `json:"kind"`
	Person     record.ID `json:"person,omitzero"`
	Credential record.ID `json:"credential,omitzero"`
}

// Book makes audit records. It is safe for concurrent use.
type Book struct{ ids *record.Generator }

// NewBook returns a Book that takes the records' ids from a generator.
func NewBook(ids *record.Generator) *Book { return &Book{ids: ids} }

// Put is the audit record of an act, for the transaction that does it: both are committed, or neither.
func (b *Book) Put(a Act) (store.Put, error) {
	if err := a.check(); err != nil {
		return store.Put{}, err
	}
	at := a.At.UTC().Truncate(time.Millisecond)
	d := document{
		ID: b.ids.Next(at), At: at, Code: a.Code, Reason: a.Reason, Subjects: a.Subjects,
		Actor: actor{Kind: a.By.Kind, Person: a.By.Person, Credential: a.By.Credential},
	}
	if d.Subjects == nil {
		d.Subjects = []record.ID{}
	}
	doc, err := json.Marshal(d)
	if err != nil {
		return store.Put{}, fmt.Errorf("encode act %s: %w", a.Code, err)
	}
	return store.Put{Key: record.Key{Kind: record.Trail, ID: d.ID}, Doc: doc}, nil
}

// Record is Put for callers that see the trail as a function: directory.Recorder.
func (b *Book) Record(at time.Time, kind string, person, credential record.ID, code, reason string,
	subjects []record.ID,
) (store.Put, error) {
	return b.Put(Act{
		At: at, By: Actor{Kind: kind, Person: person, Credential: credential},
		Code: code, Reason: reason, Subjects: subjects,
	})
}
