package main

import (
	"context"
	"net"
	"net/http"
	"strings"

	"domicile/daemon/client"
	"domicile/daemon/rpc/operatorpb/operatorpbconnect"
)

// devServer is where `domicile dev` serves global unless told otherwise.
const devServer = "http://127.0.0.1:7700"

// or returns the flag, or the variable if the flag was not given.
func (a *app) or(flag, variable string) string {
	if flag != "" {
		return flag
	}
	return a.env(variable)
}

// asOperator decides for a command that both may use: what a flag names wins, then a key in the environment,
// then a socket.
func (a *app) asOperator() bool {
	switch {
	case a.socket != "":
		return true
	case a.key != "" || a.server != "":
		return false
	}
	return a.env("DOMICILE_API_KEY") == "" && a.env("DOMICILE_SOCKET") != ""
}

// user returns the client of a person's commands; a key is needed unless the route is open to all.
func (a *app) user(keyNeeded bool) (*client.Client, error) {
	key := a.or(a.key, "DOMICILE_API_KEY")
	if key == "" && keyNeeded {
		return nil, usage("say who you are by --api-key or DOMICILE_API_KEY, or, as an operator, --socket or DOMICILE_SOCKET")
	}
	server := a.or(a.server, "DOMICILE_SERVER")
	if server == "" {
		server = devServer
	}
	if !strings.Contains(server, "://") {
		return nil, usage("--server %s: use a URL such as %s", server, devServer)
	}
	return client.New(client.Options{BaseURL: server, APIKey: key, Agent: "domicile/" + version()})
}

// operator returns the client of an operator's commands.
func (a *app) operator() (operatorpbconnect.OperatorClient, error) {
	socket := a.or(a.socket, "DOMICILE_SOCKET")
	if socket == "" {
		return nil, usage("name a node's unix socket by --socket or DOMICILE_SOCKET")
	}
	h := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	return operatorpbconnect.NewOperatorClient(h, "http://operator"), nil
}
