package workspace

import (
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	"domicile/daemon/auth"
	"domicile/store/record"
)

// money adds up seconds times rates, exactly; it is divided at the end.
type money map[string]int64 // by currency: minor units an hour, times seconds

func (m money) add(r *Rate, seconds int64) {
	if r != nil {
		m[r.Currency] += r.Amount * seconds
	}
}

// minor is the sum in a currency in minor units, half away from zero.
func (m money) minor(currency string) int64 {
	if n := m[currency]; n < 0 {
		return (n - 1800) / 3600
	}
	return (m[currency] + 1800) / 3600
}

// sum is time and money of some entries.
type sum struct {
	seconds, billable int64
	entries           int
	earned, cost      money
}

func newSum() sum { return sum{earned: money{}, cost: money{}} }

func (s *sum) add(w *worked, hourly, cost *Rate) {
	s.entries++
	s.seconds += w.seconds
	if w.billable {
		s.billable += w.seconds
		s.earned.add(hourly, w.seconds)
	}
	s.cost.add(cost, w.seconds)
}

// Amount is money of one kind.
type Amount struct {
	Type               string           `json:"type"`
	Value              int64            `json:"value" doc:"In minor units of the workspace's currency."`
	AmountByCurrencies []CurrencyAmount `json:"amountByCurrencies"`
}

// CurrencyAmount is money in one currency.
type CurrencyAmount struct {
	Currency string `json:"currency"`
	Amount   int64  `json:"amount"`
}

// shown are the kinds of amount that a report shows; none if the caller may
// not see money.
func (r *report) shown() []string {
	if !r.c.Can(auth.RatesView) {
		return nil
	}
	kinds := r.in.Amounts
	if len(kinds) == 0 && r.in.AmountShown != nil {
		kinds = []string{*r.in.AmountShown}
	}
	if len(kinds) == 0 {
		kinds = []string{"EARNED"}
	}
	if slices.Contains(kinds, "HIDE_AMOUNT") {
		return nil
	}
	if slices.Contains(kinds, "EXPORT") {
		return []string{"EARNED", "COST", "PROFIT"}
	}
	return kinds
}

// amounts are the sums of the kinds shown.
func (s *sum) amounts(kinds []string, currency string) []Amount {
	all := make([]Amount, 0, len(kinds))
	for _, kind := range kinds {
		m := s.kind(kind)
		a := Amount{Type: kind, Value: m.minor(currency), AmountByCurrencies: []CurrencyAmount{}}
		codes := make([]string, 0, len(m))
		for code := range m {
			codes = append(codes, code)
		}
		slices.Sort(codes)
		for _, code := range codes {
			a.AmountByCurrencies = append(a.AmountByCurrencies, CurrencyAmount{code, m.minor(code)})
		}
		all = append(all, a)
	}
	return all
}

func (s *sum) kind(kind string) money {
	switch kind {
	case "COST":
		return s.cost
	case "PROFIT":
		m := money{}
		for code, n := range s.earned {
			m[code] += n
		}
		for code, n := range s.cost {
			m[code] -= n
		}
		return m
	}
	return s.earned
}

// rates are what an hour of an entry is worth and costs: as was written with
// it, else as its task, the person in its project, its project, the person or
// the workspace say now (imported entries are written without).
func (r *report) rates(w *worked) (hourly, cost *Rate, err error) {
	var docs [3][]byte
	for i, ref := range []struct {
		kind record.Kind
		id   string
	}{{record.Task, w.task}, {record.Project, w.project}, {record.Member, w.user}} {
		if ref.id == "" {
			continue
		}
		if docs[i], err = r.names.look(ref.kind, ref.id); err != nil {
			return nil, nil, err
		}
	}
	find := func(field string) *Rate {
		if own := gjson.GetBytes(w.doc, field); own.IsObject() {
			return firstRate(r.c.Currency(), own)
		}
		return firstRate(r.c.Currency(),
			gjson.GetBytes(docs[0], field),
			gjson.GetBytes(docs[1], fmt.Sprintf(`memberships.#(userId==%q).%s`, w.user, field)),
			gjson.GetBytes(docs[1], field),
			gjson.GetBytes(docs[2], field),
			r.c.Setting(field))
	}
	return find("hourlyRate"), find("costRate"), nil
}

// ReportTotals are the sums over a whole report.
type ReportTotals struct {
	ID                string   `json:"_id"`
	TotalTime         int64    `json:"totalTime" doc:"Seconds."`
	TotalBillableTime int64    `json:"totalBillableTime" doc:"Seconds."`
	EntriesCount      int      `json:"entriesCount"`
	TotalAmount       *int64   `json:"totalAmount" doc:"The first of amounts; null where amounts are hidden."`
	NumOfCurrencies   int      `json:"numOfCurrencies"`
	Amounts           []Amount `json:"amounts"`
}

func (r *report) totals(s *sum) []ReportTotals {
	if s.entries == 0 {
		return []ReportTotals{}
	}
	t := ReportTotals{
		TotalTime: s.seconds, TotalBillableTime: s.billable, EntriesCount: s.entries,
		Amounts: s.amounts(r.shown(), r.c.Currency()), NumOfCurrencies: len(s.earned),
	}
	if len(t.Amounts) > 0 {
		t.TotalAmount = &t.Amounts[0].Value
	}
	return []ReportTotals{t}
}
