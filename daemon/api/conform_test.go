package api

import (
	"net/http"
	"testing"
)

func conforms(tb testing.TB, h http.Handler, q *http.Request, a answer) {}
