// Package bench measures a server by its public API, as programs use it.
//
// A workload (Workloads) runs with a number of clients for a time, or once, against a Target: a server that
// runs somewhere, or a new installation in this process that Fresh makes and removes. What comes out is a
// Row for each run: how many, how many a second, the median and the 99th percentile of the time of one.
//
//	B1  Only answers of success are counted, and any other ends the run.
//	B2  Nothing is measured before every client has had an answer.
//
// Against a fresh installation the clients' own work is in the figures, since they share the process.
package bench
