// Command domicile runs a regional daemon, and is what people and operators type.
//
// Each file is a subcommand: flags, a call, printing. Commands with a key use the public API by daemon/client;
// operators' commands use a node's unix socket; `dev` and `serve` run daemons in this process.
//
//	M1  The exit code is 0 done, 1 failed, 2 wrong usage, 3 refused by a rule, 4 not reachable; one table
//	    decides (exit.go).
//	M2  Results go to stdout, everything else to stderr.
//	M3  What lists has --json: one document with stable fields.
//	M4  Every command's help has an example.
//	M5  A secret is taken from the environment or a file; one that was made is printed once, to stdout.
//
// It decides nothing that a server decides.
package main
