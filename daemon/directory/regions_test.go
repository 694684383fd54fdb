package directory

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRegionsAreTheFive(t *testing.T) {
	t.Parallel()
	r := DefaultRegions("")
	want := map[Region][3]string{
		Global: {"", "https://clockify.me/api/v1", "https://reports.api.clockify.me/v1"},
		USA:    {"United States", "https://use2.clockify.me/api/v1", "https://use2.clockify.me/report/v1"},
		EU:     {"Germany", "https://euc1.clockify.me/api/v1", "https://euc1.clockify.me/report/v1"},
		UK:     {"United Kingdom", "https://euw2.clockify.me/api/v1", "https://euw2.clockify.me/report/v1"},
		AU:     {"Australia", "https://apse2.clockify.me/api/v1", "https://apse2.clockify.me/report/v1"},
	}
	have := map[Region][3]string{}
	for _, p := range r.All() {
		have[p.Region] = [3]string{p.Country, p.BaseURL, p.ReportsURL}
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"global", "usa", "eu", "uk", "au"}, r.Names()); diff != "" {
		t.Error(diff)
	}
	var unknown *UnknownRegion
	if _, err := r.Parse("EU"); !errors.As(err, &unknown) {
		t.Errorf("EU: %v, want *UnknownRegion", err)
	}
}

func TestRegionsCanBeAddedAndMoved(t *testing.T) {
	t.Parallel()
	base := DefaultRegions("")
	r, err := base.With(
		Place{Region: EU, BaseURL: "http://127.0.0.1:7702/api/v1/"},
		Place{Region: "ch", BaseURL: "https://ch.example/api/v1", ReportsURL: "https://ch.example/report/v1"},
	)
	try(t, err)
	eu, _ := r.Find(EU)
	if eu.BaseURL != "http://127.0.0.1:7702/api/v1" || eu.Country != "Germany" {
		t.Errorf("eu is %+v", eu)
	}
	if ch, ok := r.Find("ch"); !ok || ch.Cell() != "ch-1" || ch.Name != "ch" {
		t.Errorf("ch is %+v", ch)
	}
	if old, _ := base.Find(EU); old.BaseURL != "https://euc1.clockify.me/api/v1" {
		t.Error("With changed the table that it was called on")
	}
	for _, bad := range []Place{{Region: "CH"}, {Region: ""}, {Region: "ch"}, {Region: EU, BaseURL: "euc1"}, {Region: EU, ReportsURL: "ftp://x"}} {
		if _, err := base.With(bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestHostsMeanTheirRegion(t *testing.T) {
	t.Parallel()
	r := DefaultRegions("")
	local, err := r.With(
		Place{Region: Global, BaseURL: "http://127.0.0.1:7700/api/v1", ReportsURL: "http://127.0.0.1:7700/report/v1"},
		Place{Region: EU, BaseURL: "http://127.0.0.1:7702/api/v1", ReportsURL: "http://127.0.0.1:7702/report/v1"},
	)
	try(t, err)
	for _, c := range []struct {
		table   Regions
		host    string
		region  Region
		reports bool
	}{
		{r, "clockify.me", Global, false},
		{r, "api.clockify.me:443", Global, false},
		{r, "GLOBAL.api.clockify.me.", Global, false},
		{r, "reports.api.clockify.me", Global, true},
		{r, "euc1.clockify.me", EU, false},
		{r, "apse2.clockify.me:8443", AU, false},
		{r, "acme.clockify.me", "", false},
		{r, "127.0.0.1:80", "", false},
		{local, "127.0.0.1:7702", EU, false},
		{local, "127.0.0.1:7700", Global, false},
	} {
		p, reports, ok := c.table.ByHost(c.host)
		if p.Region != c.region || reports != c.reports || ok != (c.region != "") {
			t.Errorf("%s means %q (reports %v, %v)", c.host, p.Region, reports, ok)
		}
	}
	for host, want := range map[string]string{
		"acme.clockify.me": "acme", "ACME.clockify.me:443": "acme", "euc1.clockify.me": "", "a.b.clockify.me": "",
		"clockify.me": "", "acme.example.com": "", "": "",
	} {
		if label, ok := r.Subdomain(host); label != want || ok != (want != "") {
			t.Errorf("subdomain of %q is %q", host, label)
		}
	}
}
