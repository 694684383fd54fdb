// Package atrest reads everything that a node keeps on disk, for tests that show where data is and where it is not.
//
// Blocks of tables, log entries and term dictionaries are compressed, so searching files for bytes proves
// nothing. Find takes each file apart by the library that wrote it: Pebble's tables with every version of
// every key, deleted ones too; its logs; raft's entries, decompressed; Bleve's segments with their terms;
// archives and compressed files. Besides that it searches the bytes of every file as they are.
//
//	A1  What the libraries can read of a directory is searched: live, replaced and deleted alike.
//	A2  A file that cannot be read is an error, never a place where nothing was found.
//	A3  Nothing is written to, locked or changed.
//
// A test that expects a text nowhere first shows that Find finds it where it belongs. The node must have
// stopped. A text is found as it is, as JSON writes it, and folded as names are in indexes; a phrase of
// several words is not found in a term dictionary, so a canary is one word of letters and digits.
package atrest
