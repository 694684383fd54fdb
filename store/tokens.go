package store

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// Tokens are kept for tokenAge of cell time, and at most maxTokens of a
	// workspace. Each new one removes up to tokenStep whose time is over.
	tokenAge  = int64(time.Hour / time.Millisecond)
	maxTokens = 100_000
	tokenStep = 2
)

// token returns the first result of what was submitted with a token, if it is
// still known.
func (w *writer) token(s *space, token Token) (Result, bool, error) {
	if token == (Token{}) {
		return Result{}, false, nil
	}
	if o, ok := s.tokens[token]; ok {
		return o.result(), o.number >= s.tokenHead, nil
	}
	if s.erased {
		return Result{}, false, nil
	}
	w.key = appendTokenKey(w.key[:0], s.Workspace, token)
	value, err := w.read(w.key)
	if err != nil {
		return Result{}, false, fmt.Errorf("read token of %s: %w", s.Workspace, err)
	}
	if value == nil {
		return Result{}, false, nil
	}
	o, err := decodeOutcome(value)
	if err != nil {
		return Result{}, false, fmt.Errorf("read token of %s: %w", s.Workspace, err)
	}
	return o.result(), o.number >= s.tokenHead, nil
}

// keep remembers the result of what was submitted with a token. Refusals are
// kept too: a repeat must not be applied after the first was refused.
func (w *writer) keep(s *space, token Token, r Result) error {
	if token == (Token{}) {
		return nil
	}
	if err := w.expire(s); err != nil {
		return err
	}
	o := outcome{number: s.tokenNext, revision: r.Revision}
	var conflict *Conflict
	if errors.As(r.Err, &conflict) {
		o.code, o.conflict = outcomeConflict, *conflict
	} else if code := slices.Index(outcomes, r.Err); code >= 0 {
		o.code = byte(code)
	} else {
		return fmt.Errorf("result of a token of %s: %w", s.Workspace, r.Err)
	}
	if s.tokens == nil {
		s.tokens = map[Token]outcome{}
	}
	s.tokens[token] = o
	s.queue = append(s.queue, queued{w.applied.time, token})
	s.tokenNext++
	s.dirty = true
	w.key = appendTokenKey(w.key[:0], s.Workspace, token)
	w.value = o.append(w.value[:0])
	if err := w.batch.Set(w.key, w.value, nil); err != nil {
		return fmt.Errorf("write token of %s: %w", s.Workspace, err)
	}
	w.key = appendQueueKey(w.key[:0], s.Workspace, o.number)
	w.value = appendQueue(w.value[:0], w.applied.time, token)
	if err := w.batch.Set(w.key, w.value, nil); err != nil {
		return fmt.Errorf("write token of %s: %w", s.Workspace, err)
	}
	return nil
}

func (o *outcome) result() Result {
	r := Result{Revision: o.revision, Err: outcomes[o.code]}
	if o.code == outcomeConflict {
		conflict := o.conflict
		r.Err = &conflict
	}
	return r
}

// expire removes the oldest tokens if their time is over, or there is no room.
func (w *writer) expire(s *space) error {
	for range tokenStep {
		if s.tokenHead == s.tokenNext {
			return nil
		}
		oldest, err := w.oldest(s)
		if err != nil {
			return fmt.Errorf("read queue of tokens of %s: %w", s.Workspace, err)
		}
		if oldest.time >= w.applied.time-tokenAge && s.tokenNext-s.tokenHead < w.db.maxTokens {
			return nil
		}
		w.key = appendQueueKey(w.key[:0], s.Workspace, s.tokenHead)
		if err := w.batch.Delete(w.key, nil); err != nil {
			return fmt.Errorf("remove token of %s: %w", s.Workspace, err)
		}
		w.key = appendTokenKey(w.key[:0], s.Workspace, oldest.token)
		if err := w.batch.Delete(w.key, nil); err != nil {
			return fmt.Errorf("remove token of %s: %w", s.Workspace, err)
		}
		s.tokenHead++
		s.dirty = true
	}
	return nil
}

// oldest returns the first token of the queue.
func (w *writer) oldest(s *space) (queued, error) {
	if s.tokenHead >= s.queueStart {
		return s.queue[s.tokenHead-s.queueStart], nil
	}
	if s.head != nil && s.headNumber == s.tokenHead {
		return *s.head, nil
	}
	w.key = appendQueueKey(w.key[:0], s.Workspace, s.tokenHead)
	value, err := w.read(w.key)
	if err != nil {
		return queued{}, err
	}
	var q queued
	if q.time, q.token, err = decodeQueue(value); err != nil {
		return queued{}, err
	}
	s.head, s.headNumber = &q, s.tokenHead
	return q, nil
}
