// Package peer proves which node speaks on the internal port, and carries raft and internal calls over it.
//
// An installation has an offline root; each region has an intermediate below it; each node a certificate
// below its region's intermediate (issue.go). A node is named by a URI in its certificate,
// domicile://REGION/CELL/NODE, never by its address. One TCP port serves both protocols of a node, told
// apart by ALPN (port.go); Credentials re-reads its files when they change, so certificates are renewed
// without a restart.
//
//	P1  Nobody without a certificate of this installation's root gets past the handshake.
//	P2  A region's intermediate vouches for nodes of that region only.
//	P3  Raft is spoken between nodes of one cell only.
//	P4  What is not TLS, or stalls in the handshake, is closed, counted, and disturbs no other connection.
//
// It does not decide what a caller may ask for: each service does that with the Identity of the request.
package peer
