package client

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
)

// PageSize is how many records Pages asks for at a time unless the query says
// otherwise: large enough that the requests hardly count.
const PageSize = 1000

// Pages yields every element of a paged list, in the server's order. The first
// error ends it.
func Pages[T any](ctx context.Context, c *Client, path string, query url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		q := url.Values{}
		maps.Copy(q, query)
		if q.Get("page-size") == "" {
			q.Set("page-size", strconv.Itoa(PageSize))
		}
		for page := 1; ; page++ {
			q.Set("page", strconv.Itoa(page))
			answer, err := c.send(ctx, http.MethodGet, path, q, nil, "")
			if err != nil {
				yield(none, err)
				return
			}
			last := answer.Header.Get("Last-Page")
			var elements []T
			if err := readAnswer(answer, &elements); err != nil {
				yield(none, err)
				return
			}
			for _, element := range elements {
				if !yield(element, nil) {
					return
				}
			}
			// A list that is not paged says nothing about a last page.
			if len(elements) == 0 || last != "false" {
				return
			}
		}
	}
}
