package api

import "net/http"

func rootRoutes() []Route {
	const tag = "About"
	return []Route{
		{
			Method: "GET", Path: "/.well-known/domicile/keys", Base: Root, Name: "listSigningKeys", Tag: tag,
			Doc:    "Lists the public signing keys of all regions, old ones included.",
			Access: ByAnyone, Answer: []SigningKeys{}, Status: 200, Serve: (*Server).signingKeys,
		},
		{
			Method: "GET", Path: "/api/openapi.json", Base: Root, Name: "readOpenAPI", Tag: tag,
			Doc:    "This API as an OpenAPI 3.1 document.",
			Access: ByAnyone, Answer: map[string]any{}, Status: 200,
			Serve: func(s *Server, c *Call) error { return c.bytes(http.StatusOK, s.openapi) },
		},
		{
			Method: "GET", Path: "/api/docs", Base: Root, Name: "readDocs", Tag: tag,
			Doc:    "This API as a page for people.",
			Access: ByAnyone, Status: 200, Serve: (*Server).docs,
		},
	}
}
