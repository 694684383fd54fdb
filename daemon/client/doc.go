// Package client calls Domicile's public HTTP API.
//
// It is what the user commands of the command line, the tests and the benchmarks
// use: a Client with a base URL and a key (or a session's token), typed calls for
// what those need, and Do for every other route. It knows no rule of the product;
// what the server answers is what the caller gets.
//
//	C1  An answer outside 2xx is an *Error with status, code, message and, where the
//	    server names one, the right base URL.
//	C2  A redirect is never followed, so a key never reaches a host that the caller
//	    did not name.
//	C3  What could not be reached is ErrUnreachable, told apart from what was refused.
//	C4  A key appears in no error and in no formatted Client.
//	C5  Pages reads a paged list to its end and keeps one page in memory.
//	C6  An import is streamed: the file is never in memory as a whole.
//
// It does not retry, cache or log.
package client
