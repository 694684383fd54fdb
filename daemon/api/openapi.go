package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// object is a JSON object under construction; encoding/json sorts its fields,
// so the document is the same at every start.
type object map[string]any

// describe makes the OpenAPI 3.1 document of the table.
func (s *Server) describe() []byte {
	schemas := newSchemas()
	paths := map[string]object{}
	for i := range s.routes {
		r := &s.routes[i]
		if paths[r.Pattern()] == nil {
			paths[r.Pattern()] = object{}
		}
		paths[r.Pattern()][strings.ToLower(r.Method)] = s.operation(r, schemas)
	}
	place, _ := s.Regions.Find(s.Region)
	server := strings.TrimSuffix(place.BaseURL, "/api/v1")
	if server == "" {
		server = "/"
	}
	document, err := json.Marshal(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Domicile", "version": "1",
			"description": "Time tracking whose data stays in its region. Every error is an Error. Times are UTC; durations are ISO 8601 in whole seconds.",
			"license":     object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers": []object{{"url": server, "description": "Region " + string(s.Region)}},
		"paths":   paths,
		"components": object{
			"schemas": schemas.named,
			"securitySchemes": object{
				"key":     object{"type": "apiKey", "in": "header", "name": "X-Api-Key"},
				"session": object{"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
			},
		},
	})
	if err != nil {
		panic("encode the OpenAPI document: " + err.Error()) // at start, from a table that the tests have read
	}
	return document
}

func (s *Server) operation(r *Route, schemas *schemas) object {
	op := object{
		"operationId": r.Name, "summary": r.Doc, "tags": []string{r.Tag},
		"parameters": s.parameters(r), "responses": s.responses(r, schemas),
	}
	switch r.Access {
	case ByAnyone:
		op["security"] = []object{}
	case BySession:
		op["security"] = []object{{"session": []string{}}}
	default:
		op["security"] = []object{{"key": []string{}}, {"session": []string{}}}
	}
	if r.Action != "" {
		op["x-permission"] = string(r.Action)
	}
	if r.Body != nil {
		op["requestBody"] = object{
			"required": true,
			"content":  object{"application/json": object{"schema": schemas.of(r.Body, true)}},
		}
	}
	return op
}

func (s *Server) parameters(r *Route) []object {
	list := []object{}
	for part := range strings.SplitSeq(r.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			list = append(list, object{
				"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true, "schema": object{"type": "string"},
			})
		}
	}
	for _, p := range r.Query {
		list = append(list, object{"name": p.Name, "in": "query", "required": p.Required, "description": p.Doc, "schema": p.schema()})
	}
	if r.writes() && r.Access == ByMember {
		list = append(list, object{
			"name": "Idempotency-Key", "in": "header", "schema": object{"type": "string", "maxLength": 255},
			"description": "A repeat within 24 hours gives the first answer.",
		}, object{
			"name": "If-Match", "in": "header", "schema": object{"type": "string"},
			"description": "The ETag that the record must still have.",
		})
	}
	return list
}

func (p Param) schema() object {
	switch p.Kind {
	case BoolParam:
		return object{"type": "boolean"}
	case IntParam:
		n, err := strconv.Atoi(p.Default)
		schema := object{"type": "integer", "minimum": p.Min, "maximum": p.Max}
		if err == nil {
			schema["default"] = n
		}
		return schema
	case EnumParam:
		return object{"type": "string", "enum": p.Values}
	case IDsParam, ListParam:
		return object{"type": "array", "items": object{"type": "string"}}
	}
	return object{"type": "string"}
}

// failures are the errors that a route can answer besides its own.
func (r *Route) failures() []int {
	list := []int{400, 401, 405, 421, 500, 503, 504}
	if r.Access != ByAnyone {
		list = append(list, 403)
	}
	if r.Body != nil || r.Stream {
		list = append(list, 413, 415)
	}
	if r.Access == ByMember {
		list = append(list, 404, 410, 423)
	}
	if r.writes() {
		list = append(list, 402, 409, 412, 422, 429, 507)
	}
	return list
}

func (s *Server) responses(r *Route, schemas *schemas) object {
	failure := object{
		"description": "An error.",
		"content":     object{"application/json": object{"schema": schemas.of(ErrorBody{}, false)}},
	}
	all := object{}
	for _, status := range r.failures() {
		all[strconv.Itoa(status)] = failure
	}
	success := object{"description": http.StatusText(r.Status)}
	switch {
	case r.Name == "readDocs":
		success["content"] = object{"text/html": object{"schema": object{"type": "string"}}}
	case r.Answer != nil:
		success["content"] = object{"application/json": object{"schema": schemas.of(r.Answer, false)}}
	}
	headers := object{}
	for _, p := range r.Query {
		if p.Name == "page" {
			headers["Last-Page"] = object{"description": "Whether no page follows.", "schema": object{"type": "boolean"}}
		}
	}
	if len(headers) > 0 {
		success["headers"] = headers
	}
	all[strconv.Itoa(r.Status)] = success
	for _, status := range r.Also {
		all[strconv.Itoa(status)] = object{
			"description": "Done, and not to be seen in every region yet: pendingIn says where.",
			"content":     object{"application/json": object{"schema": object{"type": "object"}}},
		}
	}
	return all
}

func reference(name string) object {
	return object{"$ref": fmt.Sprintf("#/components/schemas/%s", name)}
}
