package api

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"domicile/daemon/directory"
)

// judgeHost says whether this region answers for the request's host, and
// whether the host is a reports host. It comes before everything else.
func (s *Server) judgeHost(r *http.Request) (reports bool, p *Problem) {
	name := r.Host
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil || name == "" || name == "localhost" {
		return false, nil
	}
	if place, reports, ok := s.Regions.ByHost(r.Host); ok {
		if place.Region != s.Region {
			return false, s.elsewhere(string(place.Region))
		}
		return reports, nil
	}
	if label, ok := s.Regions.Subdomain(r.Host); ok {
		held, err := s.Service.HoldsSubdomain(r.Context(), label)
		if err != nil {
			return false, s.problem(err)
		}
		if held {
			return false, nil
		}
	}
	return false, &Problem{
		Status: http.StatusMisdirectedRequest, Code: codeElsewhere,
		Message: "This server does not answer for that host", Extra: s.addresses(s.Region),
	}
}

// elsewhere is the answer to what belongs to another region.
func (s *Server) elsewhere(region string) *Problem {
	return &Problem{
		Status: http.StatusMisdirectedRequest, Code: codeElsewhere,
		Message: "This belongs to another region: use its base URL", Extra: s.addresses(directory.Region(region)),
	}
}

func (s *Server) addresses(region directory.Region) map[string]any {
	place, _ := s.Regions.Find(region)
	return map[string]any{"region": string(region), "baseUrl": place.BaseURL, "reportsUrl": place.ReportsURL}
}

// crossOrigin lets the vendor's browser clients read answers. Credentials are
// headers that a page must set itself; cookies are never accepted from another
// origin (see credential).
func crossOrigin(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Last-Page, ETag, Retry-After, Domicile-Revision, Idempotent-Replayed")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}

// preflight answers OPTIONS.
func preflight(w http.ResponseWriter, r *http.Request, allow string) {
	h := w.Header()
	h.Set("Allow", allow+", OPTIONS")
	if r.Header.Get("Access-Control-Request-Method") != "" {
		h.Set("Access-Control-Allow-Methods", allow)
		h.Set("Access-Control-Allow-Headers", "Content-Type, X-Api-Key, X-Addon-Token, X-Auth-Token, Idempotency-Key, If-Match")
		h.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}
