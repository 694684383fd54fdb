// Package rpc makes internal calls: both ends of directory.Service over Connect, and the definitions that
// other services are generated from.
//
// directorypb and operatorpb hold protobuf definitions and the code that tools/gen makes of them. What is
// written by hand here turns directory.Service into a handler (DirectoryHandler) and a connection into a
// directory.Service (NewDirectory).
//
//	C1  A call gives the same answer over a connection as without one.
//	C2  Every error of the directory is the same error on both ends, with its fields; what is not the
//	    directory's own (a lost connection, a node that does not answer) is directory.ErrUnavailable, or
//	    ErrUnknownOutcome if a write may have happened.
//	C3  A region is answered about itself only: Changes and PublishKey name the caller's region or are refused.
//	C4  No input, from either end, makes the other panic.
//
// Who calls is proved by the caller's certificate (daemon/peer); the handler is told by a function. Errors
// that are not the directory's are not shown to the other end, because nobody has judged what they say.
package rpc
