package directory

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Region is the name of a place where data may live.
type Region string

// The five regions that every installation has.
const (
	Global Region = "global"
	USA    Region = "usa"
	EU     Region = "eu"
	UK     Region = "uk"
	AU     Region = "au"
)

// Place is one row of the table of regions.
type Place struct {
	Region      Region
	Name        string   // for people: "European Union"
	Country     string   // where the data rests, "" if the installation does not say (global)
	Code        string   // host label: euc1; "" for global
	BaseURL     string   // of the core API, with /api/v1, without a final slash
	ReportsURL  string   // of the reports API, with /v1
	Hosts       []string // host names (no port) that mean this region's core or reports API, besides those of the two URLs
	Cells       []string // cells by name; a new workspace goes to the first
	ReportHosts []string // those among Hosts that serve the reports API at /v1
}

// Cell is the cell that new workspaces go to.
func (p Place) Cell() string {
	if len(p.Cells) == 0 {
		return string(p.Region) + "-1"
	}
	return p.Cells[0]
}

// Regions is the table of regions, in order. The zero value has none; use DefaultRegions.
type Regions struct{ places []Place }

// DefaultRegions are the five regions with their production addresses under domain ("" is clockify.me).
func DefaultRegions(domain string) Regions {
	if domain == "" {
		domain = "clockify.me"
	}
	regional := func(r Region, name, country, code string) Place {
		base := "https://" + code + "." + domain
		return Place{
			Region: r, Name: name, Country: country, Code: code,
			BaseURL: base + "/api/v1", ReportsURL: base + "/report/v1", Cells: []string{string(r) + "-1"},
		}
	}
	return Regions{places: []Place{
		{
			Region: Global, Name: "Global", BaseURL: "https://" + domain + "/api/v1",
			ReportsURL:  "https://reports.api." + domain + "/v1",
			Hosts:       []string{"api." + domain, "global.api." + domain},
			ReportHosts: []string{"reports.api." + domain}, Cells: []string{"global-1"},
		},
		regional(USA, "USA", "United States", "use2"),
		regional(EU, "European Union", "Germany", "euc1"),
		regional(UK, "United Kingdom", "United Kingdom", "euw2"),
		regional(AU, "Australia", "Australia", "apse2"),
	}}
}

// With returns the table with each of the places replacing the row of its region, or added at the end.
// Fields that are empty keep what the row had. It fails on a name that is not lower-case letters and
// digits, and on an address that is not an absolute URL.
func (r Regions) With(places ...Place) (Regions, error) {
	out := Regions{places: slices.Clone(r.places)}
	for _, p := range places {
		if err := p.check(); err != nil {
			return Regions{}, err
		}
		i := slices.IndexFunc(out.places, func(q Place) bool { return q.Region == p.Region })
		if i < 0 {
			if p.BaseURL == "" || p.ReportsURL == "" {
				return Regions{}, fmt.Errorf("region %s: baseUrl and reportsUrl are needed", p.Region)
			}
			if p.Name == "" {
				p.Name = string(p.Region)
			}
			out.places = append(out.places, p)
			continue
		}
		out.places[i] = out.places[i].merge(p)
	}
	return out, nil
}

func (p Place) check() error {
	if p.Region == "" || strings.Trim(string(p.Region), "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return fmt.Errorf("region %q: a name is lower-case letters and digits", p.Region)
	}
	for _, u := range []string{p.BaseURL, p.ReportsURL} {
		if u == "" {
			continue
		}
		if parsed, err := url.Parse(u); err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
			return fmt.Errorf("region %s: %q is not an http or https address", p.Region, u)
		}
	}
	return nil
}

func (p Place) merge(q Place) Place {
	for _, f := range []struct{ to, from *string }{
		{&p.Name, &q.Name},
		{&p.Country, &q.Country},
		{&p.Code, &q.Code},
		{&p.BaseURL, &q.BaseURL},
		{&p.ReportsURL, &q.ReportsURL},
	} {
		if *f.from != "" {
			*f.to = strings.TrimSuffix(*f.from, "/")
		}
	}
	for _, f := range []struct{ to, from *[]string }{
		{&p.Hosts, &q.Hosts},
		{&p.ReportHosts, &q.ReportHosts},
		{&p.Cells, &q.Cells},
	} {
		if len(*f.from) > 0 {
			*f.to = slices.Clone(*f.from)
		}
	}
	return p
}

// Find returns a region's row.
func (r Regions) Find(name Region) (Place, bool) {
	for _, p := range r.places {
		if p.Region == name {
			return p, true
		}
	}
	return Place{}, false
}

// Parse finds a region by its name as somebody typed it: ErrUnknownRegion names those that exist.
func (r Regions) Parse(name string) (Region, error) {
	if _, ok := r.Find(Region(name)); !ok {
		return "", &UnknownRegion{Known: r.Names()}
	}
	return Region(name), nil
}

// All returns the rows in order, global first.
func (r Regions) All() []Place { return slices.Clone(r.places) }

// Names returns the regions' names in order.
func (r Regions) Names() []string {
	names := make([]string, len(r.places))
	for i, p := range r.places {
		names[i] = string(p.Region)
	}
	return names
}

// ByHost finds the region that a request's Host (with or without a port) means. When two regions' URLs
// differ only by port, as on one machine, host and port are compared with those of the URLs first.
// reports is true where the host serves the reports API at /v1.
func (r Regions) ByHost(host string) (place Place, reports, ok bool) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = strings.TrimSuffix(h, ".")
	}
	for _, exact := range []bool{true, false} {
		for _, p := range r.places {
			core, report := urlHost(p.BaseURL, exact), urlHost(p.ReportsURL, exact)
			want := host
			if !exact {
				want = name
			}
			switch {
			case core == want || slices.Contains(p.Hosts, want):
				return p, false, true
			case report == want || slices.Contains(p.ReportHosts, want):
				return p, true, true
			}
		}
	}
	return Place{}, false, false
}

func urlHost(u string, withPort bool) string {
	parsed, err := url.Parse(u)
	if err != nil {
		return ""
	}
	if withPort {
		return strings.ToLower(parsed.Host)
	}
	return strings.ToLower(parsed.Hostname())
}

// Domain is the domain under which the regions and custom subdomains are: the host of global's base URL.
func (r Regions) Domain() string {
	p, _ := r.Find(Global)
	return urlHost(p.BaseURL, false)
}

// Subdomain returns the label of a host directly under the domain that is no region's own:
// "acme.clockify.me" gives "acme".
func (r Regions) Subdomain(host string) (string, bool) {
	if _, _, known := r.ByHost(host); known {
		return "", false
	}
	host = strings.ToLower(host)
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	label, found := strings.CutSuffix(strings.TrimSuffix(host, "."), "."+r.Domain())
	if !found || label == "" || strings.Contains(label, ".") {
		return "", false
	}
	return label, true
}
