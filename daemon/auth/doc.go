// Package auth turns a key or a session into a Principal, and says what a Principal may do.
//
// Keys, sessions and denials are records of the region's own system workspace; persons and memberships come
// from the region's mirror of the directory. So a region recognises its people, and turns away those whom
// an owner shut out there, while the directory is away.
//
//	A1  A secret is stored as its SHA-256 only, and shown once.
//	A2  A key is worth something in its own region only, and only while the person has an account there.
//	A3  A denial wins over the mirror at once.
//	A4  A wrong password and an unknown e-mail address are answered alike, in the same time.
//	A5  A session ends 30 days after it began, with a sign-out, with a new password, and when the person is
//	    disabled.
//	A6  What a role may do is the table in permissions.go, and nothing else.
//	A7  A revoked key or ended session is not accepted by any request that begins afterwards: what is
//	    remembered between requests is thrown away when the region's records have moved.
//
// Sessions do not slide: an expiry that moved would be a write for each request.
//
// It keeps no passwords (directory.HashPassword makes the hash), knows no HTTP, and serves no workspace.
package auth
