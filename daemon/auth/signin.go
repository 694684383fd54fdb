package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// SessionLife is how long a session lasts. It does not slide.
const SessionLife = 30 * 24 * time.Hour

// SignedIn is a new session; Token is shown this once.
type SignedIn struct {
	Token   string
	Expires time.Time
	Session record.ID
	Person  directory.Person // password blanked
}

// SignIn makes a session for the person with the e-mail address and password. *WrongRegion if the password
// is right but the person is known in other regions only; ErrBadCredential alike for a wrong password and an
// unknown address; *TooManyTries; directory.ErrUnavailable if only the directory could tell and it is away.
func (a *Auth) SignIn(ctx context.Context, email, password string) (SignedIn, error) {
	// A try is taken before the password is looked at and given back unless it was wrong, so that many at
	// once get no more tries than one after another.
	now := a.o.Now()
	try := a.limiter(email).ReserveN(now, 1)
	if wait := try.DelayFrom(now); wait > 0 {
		try.CancelAt(now)
		return SignedIn{}, &TooManyTries{Retry: wait}
	}
	p, credential, err := a.check(ctx, email, password)
	if !errors.Is(err, ErrBadCredential) {
		try.CancelAt(now)
	}
	if err != nil {
		return SignedIn{}, err
	}
	return a.newSession(ctx, p, credential)
}

// check finds the person by e-mail address and password, and the fingerprint of the password's hash. Each
// way that ends with ErrBadCredential has hashed one password.
func (a *Auth) check(ctx context.Context, email, password string) (directory.Person, string, error) {
	var p directory.Person
	err := a.view(ctx, func(v *store.View) (err error) {
		p, err = a.o.Mirror.PersonByEmail(v, email)
		return err
	})
	if errors.Is(err, directory.ErrNotFound) {
		return a.askDirectory(ctx, email, password)
	}
	if err != nil {
		return p, "", err
	}
	select {
	case a.checks <- struct{}{}:
		defer func() { <-a.checks }()
	case <-ctx.Done():
		return p, "", ctx.Err()
	}
	if !directory.CheckHash(p.Password, password) || p.Status != directory.PersonActive {
		return p, "", ErrBadCredential
	}
	return p, directory.Fingerprint(p.Password), nil
}

func (a *Auth) askDirectory(ctx context.Context, email, password string) (directory.Person, string, error) {
	verdict, err := a.o.Directory.CheckPassword(ctx, email, password)
	if err != nil {
		return directory.Person{}, "", err
	}
	// At global, and where the mirror is about to hear of the person, they are in the right place.
	if a.o.Region == directory.Global || slices.Contains(verdict.Regions, a.o.Region) {
		return verdict.Person, verdict.Credential, nil
	}
	return directory.Person{}, "", &WrongRegion{Regions: verdict.Regions}
}

func (a *Auth) newSession(ctx context.Context, p directory.Person, credential string) (SignedIn, error) {
	secret, err := newSecret()
	if err != nil {
		return SignedIn{}, err
	}
	now := a.o.Now().UTC().Truncate(time.Millisecond)
	token := "ses_" + secret
	hash := secretHash(sha256.Sum256([]byte(token)))
	doc := sessionDoc{
		ID: sessionID(hash), PersonID: p.ID, Hash: hash.String(), Credential: credential,
		Created: now, Expires: now.Add(SessionLife),
	}
	var c change
	if err := c.put(record.Session, doc.ID, doc); err != nil {
		return SignedIn{}, err
	}
	if err := a.commit(ctx, &c); err != nil {
		return SignedIn{}, err
	}
	p.Password = ""
	return SignedIn{Token: token, Expires: doc.Expires, Session: doc.ID, Person: p}, nil
}

// limiter counts an e-mail address's wrong passwords. It is kept under the address's hash; when there are
// too many addresses the least used are forgotten.
func (a *Auth) limiter(email string) *rate.Limiter {
	key := secretHash(sha256.Sum256([]byte(directory.FoldEmail(email))))
	if l, ok := a.wrong.GetIfPresent(key); ok {
		return l
	}
	l, _ := a.wrong.SetIfAbsent(key, rate.NewLimiter(rate.Every(a.o.Every), a.o.Tries))
	return l
}

// SignOut ends a session; one that has ended is no error.
func (a *Auth) SignOut(ctx context.Context, session record.ID) error {
	var c change
	c.delete(record.Session, session)
	return a.commit(ctx, &c)
}

// SignOutPerson ends all sessions of a person in this region.
func (a *Auth) SignOutPerson(ctx context.Context, person record.ID) error {
	return a.sweep(ctx, func(v *store.View) ([]record.ID, error) {
		return ids(v, record.Session, "person", sweepStep, nil, record.RefValue(person))
	})
}

// sweepStep bounds the sessions that one transaction removes.
const sweepStep = 400

// sweep removes the sessions that find names until it names fewer than a full step.
func (a *Auth) sweep(ctx context.Context, find func(v *store.View) ([]record.ID, error)) error {
	for more := true; more; {
		err := a.write(ctx, func(v *store.View, c *change) error {
			found, err := find(v)
			if err != nil {
				return err
			}
			more = len(found) == sweepStep
			c.delete(record.Session, found...)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
