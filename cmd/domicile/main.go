package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for an orderly end; then the default holds again, so a second one ends at once.
	context.AfterFunc(ctx, stop)
	// Bleve writes to the standard logger, past ours, what its own recovery is about to mend.
	log.SetOutput(io.Discard)
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ()}
	os.Exit(a.execute(ctx, os.Args[1:]))
}
