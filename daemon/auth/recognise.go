package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// recognised is what is remembered of a credential: good as long as the region's records are at the revision
// at which it was looked up (A7).
type recognised struct {
	at        store.Revision
	principal Principal
	expires   time.Time // of a session
}

// keyDoc is an API key as it is stored.
type keyDoc struct {
	ID       record.ID `json:"id"`
	PersonID record.ID `json:"personId"`
	Hash     string    `json:"hash"`
	Name     string    `json:"name"`
	Created  time.Time `json:"created"`
	LastUsed time.Time `json:"lastUsed,omitzero"`
}

// sessionDoc is a session as it is stored. Its id derives from the hash.
type sessionDoc struct {
	ID         record.ID `json:"id"`
	PersonID   record.ID `json:"personId"`
	Hash       string    `json:"hash"`
	Credential string    `json:"credential"` // fingerprint of the password that made it
	Created    time.Time `json:"created"`
	Expires    time.Time `json:"expires"`
}

// Key recognises an API key. ErrUnknownKey.
func (a *Auth) Key(ctx context.Context, secret string) (p Principal, err error) {
	err = a.view(ctx, func(v *store.View) error {
		p, err = a.KeyIn(v, secret)
		return err
	})
	return p, err
}

// KeyIn is Key against a view that the caller has.
func (a *Auth) KeyIn(v *store.View, secret string) (Principal, error) {
	// A key says its region, so one of another region is refused without a look.
	rest, ok := strings.CutPrefix(secret, "dom_"+string(a.o.Region)+"_")
	if !ok || !wellFormed(rest) {
		return Principal{}, ErrUnknownKey
	}
	r, err := a.remember(v, secret, a.lookUpKey)
	if err != nil {
		return Principal{}, err
	}
	a.touch(r.principal.ID)
	return r.principal, nil
}

// Session recognises a session's token. ErrBadSession.
func (a *Auth) Session(ctx context.Context, token string) (p Principal, err error) {
	err = a.view(ctx, func(v *store.View) error {
		p, err = a.SessionIn(v, token)
		return err
	})
	return p, err
}

// SessionIn is Session against a view that the caller has.
func (a *Auth) SessionIn(v *store.View, token string) (Principal, error) {
	rest, ok := strings.CutPrefix(token, "ses_")
	if !ok || !wellFormed(rest) {
		return Principal{}, ErrBadSession
	}
	r, err := a.remember(v, token, a.lookUpSession)
	if err != nil {
		return Principal{}, err
	}
	if !a.o.Now().Before(r.expires) {
		return Principal{}, ErrBadSession
	}
	return r.principal, nil
}

// remember answers from memory if the region's records have not moved since, else by look.
func (a *Auth) remember(v *store.View, secret string, look func(*store.View, secretHash) (recognised, error)) (recognised, error) {
	revision, err := regionRevision(v)
	if err != nil {
		return recognised{}, err
	}
	hash := secretHash(sha256.Sum256([]byte(secret)))
	if r, ok := a.recognised.GetIfPresent(hash); ok && r.at == revision {
		return r, nil
	}
	r, err := look(v, hash)
	if err != nil {
		a.recognised.Invalidate(hash)
		return recognised{}, err
	}
	r.at = revision
	a.recognised.Set(hash, r)
	return r, nil
}

func (a *Auth) lookUpKey(v *store.View, hash secretHash) (recognised, error) {
	found, err := ids(v, record.APIKey, "hash", 1, nil, record.TextValue(hash.String()))
	if err != nil {
		return recognised{}, err
	}
	if len(found) == 0 {
		return recognised{}, ErrUnknownKey
	}
	k, _, err := get[keyDoc](v, record.APIKey, found[0])
	if err != nil {
		return recognised{}, err
	}
	if _, err := a.mayEnter(v, k.PersonID); err != nil {
		return recognised{}, orUnknown(err, ErrUnknownKey)
	}
	account, err := a.o.Mirror.HasAccount(v, k.PersonID, a.o.Region)
	if err != nil {
		return recognised{}, err
	}
	if !account {
		return recognised{}, ErrUnknownKey
	}
	if _, ok := a.used.GetIfPresent(k.ID); !ok && !k.LastUsed.IsZero() {
		a.used.Set(k.ID, k.LastUsed)
	}
	return recognised{principal: Principal{Person: k.PersonID, Kind: ByKey, ID: k.ID}}, nil
}

func (a *Auth) lookUpSession(v *store.View, hash secretHash) (recognised, error) {
	s, _, err := get[sessionDoc](v, record.Session, sessionID(hash))
	if errors.Is(err, store.ErrNotFound) {
		return recognised{}, ErrBadSession
	}
	if err != nil {
		return recognised{}, err
	}
	stored, err := hex.DecodeString(s.Hash)
	if err != nil || subtle.ConstantTimeCompare(stored, hash[:]) != 1 {
		return recognised{}, ErrBadSession
	}
	p, err := a.mayEnter(v, s.PersonID)
	if err != nil {
		return recognised{}, orUnknown(err, ErrBadSession)
	}
	if directory.Fingerprint(p.Password) != s.Credential {
		return recognised{}, ErrBadSession
	}
	return recognised{principal: Principal{Person: s.PersonID, Kind: BySession, ID: s.ID}, expires: s.Expires}, nil
}

func sessionID(hash secretHash) record.ID { return record.DeriveID("session", hash.String()) }

// mayEnter is a person whom the mirror has and who is not disabled; directory.ErrNotFound otherwise.
func (a *Auth) mayEnter(v *store.View, person record.ID) (directory.Person, error) {
	p, err := a.o.Mirror.Person(v, person)
	if err == nil && p.Status != directory.PersonActive {
		return directory.Person{}, fmt.Errorf("person %s is not active: %w", person, directory.ErrNotFound)
	}
	return p, err
}

func orUnknown(err, unknown error) error {
	if errors.Is(err, directory.ErrNotFound) {
		return unknown
	}
	return err
}
