package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// Kind is what a Principal showed.
type Kind string

// The kinds of credentials.
const (
	ByKey      Kind = "key"
	BySession  Kind = "session"
	ByAddOn    Kind = "addon"
	ByOperator Kind = "operator"
)

// Principal is somebody who has been recognised.
type Principal struct {
	Person record.ID
	Kind   Kind
	ID     record.ID // of the key or session
}

// Actor is the principal as the directory's audit trail names it.
func (p Principal) Actor() directory.Actor {
	return directory.Actor{Kind: string(p.Kind), Person: p.Person}
}

// Directory is the part of directory.Service that auth asks.
type Directory interface {
	CheckPassword(ctx context.Context, email, password string) (directory.Verdict, error)
}

// Options say what an Auth works with.
type Options struct {
	Region    directory.Region   // required
	Cell      directory.Cell     // required: the region's
	Mirror    directory.Mirror   // the zero value is right
	Directory Directory          // required: for people whom the mirror does not have
	IDs       *record.Generator  // required
	Trail     directory.Recorder // nil records no audit trail of keys
	Now       func() time.Time   // nil is time.Now
	Log       *slog.Logger       // nil discards
	Remember  int                // credentials remembered between requests; 0 is 10,000
	Verifying int                // passwords checked at the same time; 0 is half of the processors
	// Tries is how many wrong passwords an e-mail address has before it must wait; 0 is 10. One comes back
	// every Every; 0 is 30 s.
	Tries int
	Every time.Duration
}

// Auth recognises people in one region. It is safe for concurrent use; Run is called once.
type Auth struct {
	o Options

	recognised *otter.Cache[secretHash, recognised]
	members    *otter.Cache[memberKey, membership]
	wrong      *otter.Cache[secretHash, *rate.Limiter] // by e-mail address
	used       *otter.Cache[record.ID, time.Time]      // when a key's use was last recorded, or is about to be

	checks  chan struct{}  // a slot for each password that is being checked
	touched chan record.ID // keys whose use Run records
}

// secretHash is the SHA-256 of a secret.
type secretHash [sha256.Size]byte

// New returns an Auth.
func New(o Options) *Auth {
	defaults(&o)
	a := &Auth{
		o:          o,
		recognised: bounded[secretHash, recognised](o.Remember),
		members:    bounded[memberKey, membership](o.Remember),
		wrong:      bounded[secretHash, *rate.Limiter](o.Remember),
		used:       bounded[record.ID, time.Time](o.Remember),
		checks:     make(chan struct{}, o.Verifying),
		touched:    make(chan record.ID, 1000),
	}
	return a
}

func defaults(o *Options) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Remember <= 0 {
		o.Remember = 10_000
	}
	if o.Verifying <= 0 {
		o.Verifying = max(1, runtime.GOMAXPROCS(0)/2)
	}
	if o.Tries <= 0 {
		o.Tries = 10
	}
	if o.Every <= 0 {
		o.Every = 30 * time.Second
	}
}

// bounded is a cache of at most size entries, without goroutines of its own.
func bounded[K comparable, V any](size int) *otter.Cache[K, V] {
	return otter.Must(&otter.Options[K, V]{MaximumSize: size, Executor: func(fn func()) { fn() }})
}

// newSecret makes 43 characters that nobody can guess.
func newSecret() (string, error) {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("make secret: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

const secretLength = 43

func wellFormed(secret string) bool {
	if len(secret) != secretLength {
		return false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(secret)
	return err == nil
}

func (h secretHash) String() string { return hex.EncodeToString(h[:]) }

// view runs f with a linearizable view of the region.
func (a *Auth) view(ctx context.Context, f func(v *store.View) error) error {
	v, err := a.o.Cell.View(ctx)
	if err != nil {
		return fmt.Errorf("read the region's records: %w", err)
	}
	defer v.Close()
	return f(v)
}

// change is a transaction on the region's own records.
type change struct{ store.Txn }

func (c *change) put(kind record.Kind, id record.ID, doc any) error {
	encoded, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("encode %s %s: %w", kind, id, err)
	}
	c.Puts = append(c.Puts, store.Put{Key: record.Key{Kind: kind, ID: id}, Doc: encoded})
	return nil
}

func (c *change) delete(kind record.Kind, ids ...record.ID) {
	for _, id := range ids {
		c.Deletes = append(c.Deletes, record.Key{Kind: kind, ID: id})
	}
}

// commit proposes a transaction on the region's records. Nothing to do is done.
func (a *Auth) commit(ctx context.Context, c *change) error {
	if len(c.Puts)+len(c.Deletes) == 0 {
		return nil
	}
	c.Workspace, c.Epoch = record.RegionID, regionEpoch
	if _, err := rand.Read(c.Token[:]); err != nil {
		return fmt.Errorf("make token: %w", err)
	}
	result, err := a.o.Cell.Submit(ctx, store.Command{Txn: &c.Txn})
	if err == nil {
		err = result.Err
	}
	return err
}

// regionEpoch is the epoch of a region's own workspace: it never moves.
const regionEpoch = 1

// attempts bounds how often a write is built anew because another came between.
const attempts = 5

// write runs build against fresh views until its transaction commits.
func (a *Auth) write(ctx context.Context, build func(v *store.View, c *change) error) error {
	var err error
	for range attempts {
		err = a.view(ctx, func(v *store.View) error {
			var c change
			if err := build(v, &c); err != nil {
				return err
			}
			return a.commit(ctx, &c)
		})
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return err
}

func (a *Auth) trail(c *change, by directory.Actor, code string, subjects ...record.ID) error {
	if a.o.Trail == nil {
		return nil
	}
	if by.Kind == "" {
		by.Kind = "system"
	}
	put, err := a.o.Trail(a.o.Now(), by.Kind, by.Person, record.ID{}, code, "", subjects)
	if err != nil {
		return err
	}
	c.Puts = append(c.Puts, put)
	return nil
}

// ids lists the records of a kind whose index begins with the values.
func ids(v *store.View, kind record.Kind, index string, limit int, to *record.Value, values ...record.Value) ([]record.ID, error) {
	definition := record.Find(kind, index)
	if definition == nil {
		return nil, fmt.Errorf("index %s of %s: no such index", index, kind)
	}
	prefix, err := definition.Prefix(values...)
	if err != nil {
		return nil, fmt.Errorf("index %s of %s: %w", index, kind, err)
	}
	q := store.Range{Prefix: prefix}
	if to != nil {
		if q.To, err = definition.Prefix(append(values, *to)...); err != nil {
			return nil, fmt.Errorf("index %s of %s: %w", index, kind, err)
		}
	}
	var out []record.ID
	for e, err := range v.Index(record.RegionID, kind, index, q) {
		if err != nil {
			return nil, fmt.Errorf("read index %s of %s: %w", index, kind, err)
		}
		if out = append(out, e.ID); limit > 0 && len(out) == limit {
			break
		}
	}
	return out, nil
}

// get reads one of the region's own records.
func get[T any](v *store.View, kind record.Kind, id record.ID) (doc T, revision store.Revision, err error) {
	rec, err := v.Get(record.RegionID, kind, id)
	if err != nil {
		return doc, 0, fmt.Errorf("read %s %s: %w", kind, id, err)
	}
	if err := json.Unmarshal(rec.Doc, &doc); err != nil {
		return doc, 0, fmt.Errorf("decode %s %s: %w", kind, id, err)
	}
	return doc, rec.Revision, nil
}

// regionRevision is the revision of the region's own records that a view has.
func regionRevision(v *store.View) (store.Revision, error) {
	h, err := v.Header(record.RegionID)
	if err != nil {
		return 0, fmt.Errorf("read the region's revision: %w", err)
	}
	return h.Revision, nil
}
