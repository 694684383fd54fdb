package workspace

import (
	"fmt"

	"github.com/tidwall/gjson"

	"domicile/store/record"
)

// Rate is money for an hour, in the currency's minor unit.
type Rate struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// maxAmount keeps amounts of a lifetime's hours within 64 bits.
const maxAmount = 1_000_000_000_000

func checkAmount(amount *int64) error {
	switch {
	case amount == nil:
		return &Invalid{Field: "amount", Reason: "is required"}
	case *amount < 0:
		return &Invalid{Field: "amount", Reason: "is below zero"}
	case *amount > maxAmount:
		return &Invalid{Field: "amount", Reason: "is too large"}
	}
	return nil
}

// rates sets what an hour of the entry is worth and costs: as the task says,
// else the person's rate in the project, the project's, the person's, the
// workspace's.
func (w *entryWriter) rates(e *entry, project []byte) error {
	var task []byte
	var err error
	if e.TaskID != nil {
		if task, err = optional(w.v, w.c.Workspace, record.Key{Kind: record.Task, ID: *e.TaskID}); err != nil {
			return err
		}
	}
	member, err := optional(w.v, w.c.Workspace, record.Key{Kind: record.Member, ID: e.UserID})
	if err != nil {
		return err
	}
	find := func(field string) *Rate {
		return firstRate(w.c.Currency(),
			gjson.GetBytes(task, field),
			gjson.GetBytes(project, fmt.Sprintf(`memberships.#(userId=="%s").%s`, e.UserID, field)),
			gjson.GetBytes(project, field),
			gjson.GetBytes(member, field),
			w.c.Setting(field))
	}
	e.HourlyRate, e.CostRate = find("hourlyRate"), find("costRate")
	return nil
}

func firstRate(currency string, candidates ...gjson.Result) *Rate {
	for _, r := range candidates {
		if amount := r.Get("amount"); amount.Exists() && amount.Type == gjson.Number {
			if code := r.Get("currency").String(); code != "" {
				return &Rate{Amount: amount.Int(), Currency: code}
			}
			return &Rate{Amount: amount.Int(), Currency: currency}
		}
	}
	return nil
}
