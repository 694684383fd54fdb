// Package docs holds the project's documents, and the tests that keep them true.
//
//	D1  The table of folders in architecture.md, the import rules of the linter
//	    (.golangci.yml) and the imports that the code really has are the same thing.
//	D2  Every folder with code has a row in that table and a place in the README's
//	    tree, and neither names a folder that does not exist.
//	D3  Every direct dependency has a row in dependencies.md, and no row is left over.
//	D4  Every package says what it does in a doc comment.
//	D5  Every relative link in the documents leads to a file.
//
// It has no code of its own.
package docs
