package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"connectrpc.com/connect"

	"domicile/daemon"
	"domicile/daemon/client"
	"domicile/daemon/peer"
)

// The exit codes of every command.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitRefused     = 3
	exitUnreachable = 4
)

// errUsage is a command line that makes no sense.
var errUsage = errors.New("wrong usage")

func usage(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errUsage, fmt.Sprintf(format, args...))
}

// exits is the table from errors to exit codes; the first row that fits decides. What fits none has failed.
var exits = []struct {
	fits func(error) bool
	code int
}{
	{is(errUsage), exitUsage},
	{is(client.ErrBadURL), exitUsage},
	{is(daemon.ErrConfig), exitUsage},
	{is(daemon.ErrInitialised), exitRefused},
	{is(peer.ErrExists), exitRefused},
	{ambiguous, exitUsage},
	{badValue, exitUsage},
	{status(http.StatusPaymentRequired, http.StatusConflict, http.StatusMisdirectedRequest, http.StatusUnprocessableEntity, http.StatusLocked), exitRefused},
	{status(http.StatusBadGateway, http.StatusServiceUnavailable), exitUnreachable},
	{code(connect.CodeInvalidArgument), exitUsage},
	{code(connect.CodeFailedPrecondition, connect.CodeAlreadyExists, connect.CodeAborted), exitRefused},
	{code(connect.CodeUnavailable), exitUnreachable},
	{is(client.ErrUnreachable), exitUnreachable},
	{is(context.DeadlineExceeded), exitUnreachable},
}

// exitCode finds an error's row.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	for _, row := range exits {
		if row.fits(err) {
			return row.code
		}
	}
	return exitFailed
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func status(codes ...int) func(error) bool {
	return func(err error) bool {
		var e *client.Error
		if !errors.As(err, &e) {
			return false
		}
		for _, c := range codes {
			if e.Status == c {
				return true
			}
		}
		return false
	}
}

// badValue tells a query parameter or a field that the server refuses by name: it was a flag or an argument.
func badValue(err error) bool {
	var e *client.Error
	if !errors.As(err, &e) || e.Status != http.StatusBadRequest {
		return false
	}
	var fields struct{ Field string }
	return e.Code == 3000 || json.Unmarshal(e.Body, &fields) == nil && fields.Field != ""
}

func code(codes ...connect.Code) func(error) bool {
	return func(err error) bool {
		var e *connect.Error
		if !errors.As(err, &e) {
			return false
		}
		for _, c := range codes {
			if e.Code() == c {
				return true
			}
		}
		return false
	}
}

// explain prints an error for people: rows of an import and unmet conditions line by line.
func (a *app) explain(err error) {
	var e *connect.Error
	text := err.Error()
	if errors.As(err, &e) {
		text = e.Message()
	}
	fmt.Fprintln(a.err, "domicile:", text)
	var answer *client.Error
	if !errors.As(err, &answer) {
		return
	}
	for i, row := range answer.Errors {
		if i == maxRowErrors {
			fmt.Fprintf(a.err, "  … and %d more\n", len(answer.Errors)-i)
			break
		}
		where := fmt.Sprintf("row %d", row.Row)
		if row.Column != "" {
			where += ", " + row.Column
		}
		fmt.Fprintf(a.err, "  %s: %s\n", where, row.Message)
	}
	for _, u := range answer.Unmet {
		fmt.Fprintf(a.err, "  %s: %s; %s\n", u.Condition, u.Detail, u.Mend)
	}
	if ways := readings(err); len(ways) > 0 {
		flag := "--date-format"
		if strings.HasSuffix(ways[0], "h") {
			flag = "--time-format"
		}
		fmt.Fprintf(a.err, "  say which: %s %s\n", flag, strings.Join(ways, " or "+flag+" "))
	}
	if answer.RetryAfter > 0 {
		fmt.Fprintf(a.err, "  try again in %s\n", answer.RetryAfter)
	}
}

// maxRowErrors is how many wrong rows are worth reading on a terminal.
const maxRowErrors = 20
