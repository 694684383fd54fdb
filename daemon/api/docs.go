package api

import (
	"bytes"
	"cmp"
	"html/template"
	"net/http"
	"slices"
)

// page is the only HTML that the API answers. It has no script and loads
// nothing.
const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Domicile API</title><meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}code{font-family:ui-monospace,monospace}
dt{margin-top:1rem}b{display:inline-block;min-width:4.5rem}ul{margin:.3rem 0}small{color:#555}</style></head><body>
<h1>Domicile API</h1>
<p>Region <code>{{.Region}}</code>. The same as an <a href="/api/openapi.json">OpenAPI 3.1 document</a>. Send one of
<code>X-Api-Key</code> and <code>X-Auth-Token</code>. Errors are <code>{"message", "code"}</code>.</p>
{{range .Groups}}<h2>{{.Tag}}</h2><dl>
{{range .Routes}}<dt><b>{{.Method}}</b> <code>{{.Pattern}}</code></dt><dd>{{.Doc}} <small>Answers {{.Status}}.{{if .Action}} Needs <code>{{.Action}}</code>.{{end}}</small>
{{if .Query}}<ul>{{range .Query}}<li><code>{{.Name}}</code>: {{.Doc}}{{if .Default}} <small>Default {{.Default}}.</small>{{end}}</li>{{end}}</ul>{{end}}</dd>
{{end}}</dl>{{end}}</body></html>`

type group struct {
	Tag    string
	Routes []*Route
}

// docs answers the page for people.
func (s *Server) docs(c *Call) error {
	t, err := template.New("docs").Parse(page)
	if err != nil {
		return err
	}
	var groups []group
	for i := range s.routes {
		r := &s.routes[i]
		at := slices.IndexFunc(groups, func(g group) bool { return g.Tag == r.Tag })
		if at < 0 {
			groups = append(groups, group{Tag: r.Tag})
			at = len(groups) - 1
		}
		groups[at].Routes = append(groups[at].Routes, r)
	}
	slices.SortStableFunc(groups, func(a, b group) int { return cmp.Compare(a.Tag, b.Tag) })
	var b bytes.Buffer
	if err := t.Execute(&b, map[string]any{"Region": s.Region, "Groups": groups}); err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	c.started = true
	c.w.WriteHeader(http.StatusOK)
	_, err = c.w.Write(b.Bytes())
	return err
}
