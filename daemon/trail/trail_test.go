package trail

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"domicile/store/record"
)

func TestL1RecordsHoldIdsAndCodesOnly(t *testing.T) {
	t.Parallel()
	b := NewBook(record.NewGenerator())
	at := time.Date(2026, 11, 24, 12, 0, 0, 5_999_999, time.FixedZone("", 3600))
	put, err := b.Record(at, "operator", record.ID{}, record.ID{}, "workspace.set-owner", "owner-lost", []record.ID{{1}})
	if err != nil {
		t.Fatal(err)
	}
	var have map[string]any
	if err := json.Unmarshal(put.Doc, &have); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"id": put.Key.ID.String(), "at": "2026-11-24T11:00:00.005Z", "actor": map[string]any{"kind": "operator"},
		"code": "workspace.set-owner", "reason": "owner-lost", "subjects": []any{record.ID{1}.String()},
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	if put.Key.Kind != record.Trail {
		t.Errorf("a record of kind %s", put.Key.Kind)
	}
	for _, bad := range []Act{
		{By: Actor{Kind: "key"}, Code: "He left, and took the key"},
		{By: Actor{Kind: "key"}, Code: "x", Reason: "ann@example.com"},
		{By: Actor{Kind: "key"}, Code: strings.Repeat("x", 65)},
	} {
		if _, err := b.Put(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v, want ErrInvalid", bad, err)
		}
	}
}

func TestL2EveryActHasActorAndCode(t *testing.T) {
	t.Parallel()
	b := NewBook(record.NewGenerator())
	for _, bad := range []Act{{Code: "key.create"}, {By: Actor{Kind: "key"}}, {}} {
		if _, err := b.Put(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v, want ErrInvalid", bad, err)
		}
	}
	one, err := b.Put(Act{By: Actor{Kind: "key", Person: record.ID{1}, Credential: record.ID{2}}, Code: "x"})
	if err != nil {
		t.Fatal(err)
	}
	two, err := b.Put(Act{By: Actor{Kind: "key"}, Code: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if one.Key == two.Key {
		t.Error("two acts have one id")
	}
}
