package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"
)

// lineEvery is how often progress is told where no terminal is.
const lineEvery = 10 * time.Second

// progress shows how many bytes of a file have been sent: a bar on a terminal, a line now and then elsewhere.
type progress struct {
	sent  atomic.Int64
	total int64
	bars  *mpb.Progress // nil without a terminal
	bar   *mpb.Bar
	stop  context.CancelFunc
	lines errgroup.Group
}

func (a *app) progress(ctx context.Context, what string, total int64) *progress {
	ctx, stop := context.WithCancel(ctx)
	p := &progress{total: total, stop: stop}
	if f, ok := a.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bars = mpb.NewWithContext(ctx, mpb.WithOutput(f), mpb.WithWidth(48))
		p.bar = p.bars.AddBar(total,
			mpb.PrependDecorators(decor.Name(what+" ")),
			mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f"), decor.OnComplete(decor.Name(""), "  sent; the server is writing")))
		return p
	}
	p.lines.Go(func() error {
		began := time.Now()
		tick := time.NewTicker(lineEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case now := <-tick.C:
				took := now.Sub(began).Round(time.Second)
				if sent := p.sent.Load(); sent < total {
					fmt.Fprintf(a.err, "%s: %d of %d bytes sent, %s\n", what, sent, total, took)
				} else {
					fmt.Fprintf(a.err, "%s: sent; the server is writing, %s\n", what, took)
				}
			}
		}
	})
	return p
}

// add notes bytes that have been sent.
func (p *progress) add(n int) {
	p.sent.Add(int64(n))
	if p.bar != nil {
		p.bar.IncrBy(n)
	}
}

// end takes the bar off the terminal, or stops the lines.
func (p *progress) end(done bool) {
	if p.bar != nil {
		p.bar.Abort(!done)
	}
	p.stop()
	if p.bars != nil {
		p.bars.Wait()
	}
	_ = p.lines.Wait() // it returns nil only
}
