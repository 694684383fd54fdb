// Package clockifycsv reads Clockify's detailed report as CSV, row by row, and trusts none of it.
//
// A Layout says how dates, times and the time zone are written. Guess finds it from the file if the file
// leaves no choice; Check reads a file to its last row and returns a Summary or every Problem found, up to
// a bound; a Reader yields the rows one at a time in constant memory. The file may be compressed by gzip,
// which is seen by its first bytes, may begin with a byte order mark, and may end its lines either way.
// Columns are found by name, in any order; columns that are not known are ignored.
//
//	V1  Check finds what Reader would find: after a Check without error, no row of the same file fails.
//	V2  A layout is guessed only if every row can be read in one way; otherwise both readings are named.
//	V3  The end of a row is its start plus its duration; an end that disagrees by anything but a
//	    daylight-saving step of the zone is a problem of that row.
//	V4  Memory and time are bounded by Limits, whatever the bytes are: rows, fields and the expanded
//	    size of a compressed file.
//	V5  No error repeats the contents of a cell: it names row, column and the form expected, because
//	    errors may be logged and logs may leave the region.
//
// Rows are numbered as a spreadsheet shows them: the header is row 1, the first entry is row 2.
//
// The package knows nothing of workspaces: what names mean is the importer's business.
package clockifycsv
