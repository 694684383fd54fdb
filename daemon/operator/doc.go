// Package operator answers the operators of a node on its unix socket.
//
// New makes the handler of daemon/rpc/operatorpb: people, workspaces and plans, which it asks the directory
// for, keys, which are this region's own, and the state of the cell. Listen opens the socket; WithPeer
// notes who is on the other end of a connection.
//
//	O1  The socket has mode 0660 and no other permission is asked for; the peer's user, group and process
//	    are logged with every call, and no part of a request is.
//	O2  Every change carries the actor "operator" into the directory's audit trail.
//	O3  A password or key that the server makes is in the answer that made it, and nowhere else.
//	O4  No call moves a workspace to another region, or reads a document of one.
//	O5  What only this region's own records say (keys, contents, cell) is answered without the directory.
//	O6  A workspace and a person are named by id, or by a name or an address that means exactly one.
//
// It has no rule of its own: what a plan allows or an owner may, the directory says.
package operator
