package workspace

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"domicile/store"
	"domicile/store/record"
)

// repeatFor is how long the answer to an Idempotency-Key is kept.
const repeatFor = 24 * time.Hour

// maxKept is the longest answer that is kept word for word. The answer to a
// larger write says which records it made, as a list of ids.
const maxKept = 128 << 10

// Repeat identifies a request by its Idempotency-Key. Its record is written by
// the request's own transaction, so it says what happened or is not there.
type Repeat struct {
	Key  string   // as sent
	Hash [32]byte // of method, path, query and body
	By   record.ID
}

// repeated is the record.
type repeated struct {
	ID      record.ID       `json:"id"`
	Hash    string          `json:"hash"`
	Expires time.Time       `json:"expires"`
	One     bool            `json:"one,omitempty"`
	Made    []string        `json:"made"`
	Answer  json.RawMessage `json:"answer,omitempty"`
}

func (r *Repeat) key() record.Key {
	return record.Key{Kind: record.Idempotency, ID: record.DeriveID("idempotency", r.By.String(), r.Key)}
}

// answer finds the first answer: nil if there is none, ErrReused if the key
// stands for another request.
func (r *Repeat) answer(v *store.View, workspace record.ID, now time.Time) (*Written, error) {
	if r == nil {
		return nil, nil
	}
	kept, _, err := r.kept(v, workspace)
	if err != nil || kept == nil || !kept.Expires.After(now) {
		return nil, err
	}
	if kept.Hash != hex.EncodeToString(r.Hash[:]) {
		return nil, ErrReused
	}
	w := &Written{Answer: kept.Answer, One: kept.One, Repeated: true}
	if w.Answer == nil && len(kept.Made) > 0 {
		if w.Answer, err = json.Marshal(map[string]any{"made": kept.Made}); err != nil {
			return nil, fmt.Errorf("encode answer: %w", err)
		}
	}
	return w, nil
}

func (r *Repeat) kept(v *store.View, workspace record.ID) (*repeated, store.Revision, error) {
	rec, err := v.Get(workspace, record.Idempotency, r.key().ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read idempotency key: %w", err)
	}
	var kept repeated
	if err := json.Unmarshal(rec.Doc, &kept); err != nil {
		return nil, 0, fmt.Errorf("decode idempotency key: %w", err)
	}
	return &kept, rec.Revision, nil
}

// remember adds the key's record to the transaction.
func (r *Repeat) remember(v *store.View, txn *store.Txn, workspace record.ID, change *Change, now time.Time) error {
	if r == nil {
		return nil
	}
	_, revision, err := r.kept(v, workspace)
	if err != nil {
		return err
	}
	kept := repeated{ID: r.key().ID, Hash: hex.EncodeToString(r.Hash[:]), Expires: now.Add(repeatFor).UTC().Truncate(time.Second), One: change.One, Made: []string{}}
	if len(change.Answer) <= maxKept {
		kept.Answer = change.Answer
	}
	for _, p := range change.Puts {
		kept.Made = append(kept.Made, p.Key.ID.String())
	}
	doc, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("encode idempotency key: %w", err)
	}
	if revision > 0 { // an expired one that was not swept yet
		txn.If = append(txn.If, store.At(r.key(), revision))
	} else {
		txn.If = append(txn.If, store.Absent(r.key()))
	}
	txn.Puts = append(txn.Puts, store.Put{Key: r.key(), Doc: doc})
	return nil
}
