package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

const (
	maxKeys    = 100 // of a person in a region
	maxKeyName = 100 // characters
)

// Key is what may be known of an API key.
type Key struct {
	ID       record.ID
	Person   record.ID
	Name     string
	Created  time.Time
	LastUsed time.Time // zero: never; exact to an hour
}

func (k keyDoc) key() Key {
	return Key{ID: k.ID, Person: k.PersonID, Name: k.Name, Created: k.Created, LastUsed: k.LastUsed}
}

// CreateKey makes an API key for a person and returns its secret, which is shown this once. ErrNoAccount if
// the person has no account in this region; ErrTooManyKeys; *directory.Invalid for a bad name.
func (a *Auth) CreateKey(ctx context.Context, person record.ID, name string, by directory.Actor) (Key, string, error) {
	if err := checkKeyName(name); err != nil {
		return Key{}, "", err
	}
	random, err := newSecret()
	if err != nil {
		return Key{}, "", err
	}
	secret := "dom_" + string(a.o.Region) + "_" + random
	now := a.o.Now().UTC().Truncate(time.Millisecond)
	doc := keyDoc{
		ID: a.o.IDs.Next(now), PersonID: person, Hash: secretHash(sha256.Sum256([]byte(secret))).String(),
		Name: name, Created: now,
	}
	err = a.write(ctx, func(v *store.View, c *change) error {
		if _, err := a.mayEnter(v, person); err != nil {
			return orUnknown(err, ErrNoAccount)
		}
		account, err := a.o.Mirror.HasAccount(v, person, a.o.Region)
		if err != nil {
			return err
		}
		if !account {
			return ErrNoAccount
		}
		had, err := ids(v, record.APIKey, "person", maxKeys, nil, record.RefValue(person))
		if err != nil {
			return err
		}
		if len(had) >= maxKeys {
			return ErrTooManyKeys
		}
		// The person must still be there, or the mirror's removal would leave a key behind.
		c.If = append(c.If, store.Exists(record.Key{Kind: record.Person, ID: person}))
		if err := c.put(record.APIKey, doc.ID, doc); err != nil {
			return err
		}
		return a.trail(c, by, "key.create", doc.ID, person)
	})
	if err != nil {
		return Key{}, "", err
	}
	return doc.key(), secret, nil
}

func checkKeyName(name string) error {
	switch {
	case !utf8.ValidString(name) || strings.IndexFunc(name, unicode.IsControl) >= 0:
		return &directory.Invalid{Field: "name", Reason: "has a control character or is not UTF-8"}
	case utf8.RuneCountInString(name) > maxKeyName:
		return &directory.Invalid{Field: "name", Reason: "is longer than 100 characters"}
	}
	return nil
}

// Keys lists a person's keys, oldest first.
func (a *Auth) Keys(ctx context.Context, person record.ID) ([]Key, error) {
	out := []Key{}
	err := a.view(ctx, func(v *store.View) error {
		found, err := ids(v, record.APIKey, "person", 0, nil, record.RefValue(person))
		if err != nil {
			return err
		}
		for _, id := range found {
			k, _, err := get[keyDoc](v, record.APIKey, id)
			if err != nil {
				return err
			}
			out = append(out, k.key())
		}
		return nil
	})
	slices.SortStableFunc(out, func(x, y Key) int {
		if c := x.Created.Compare(y.Created); c != 0 {
			return c
		}
		return x.ID.Compare(y.ID)
	})
	return out, err
}

// RevokeKey ends a key of a person. ErrNoKey if the person has no such key.
func (a *Auth) RevokeKey(ctx context.Context, person, key record.ID, by directory.Actor) error {
	return a.write(ctx, func(v *store.View, c *change) error {
		k, revision, err := get[keyDoc](v, record.APIKey, key)
		if errors.Is(err, store.ErrNotFound) || err == nil && k.PersonID != person {
			return ErrNoKey
		}
		if err != nil {
			return err
		}
		c.If = append(c.If, store.At(record.Key{Kind: record.APIKey, ID: key}, revision))
		c.delete(record.APIKey, key)
		return a.trail(c, by, "key.revoke", key, person)
	})
}
