package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Row is the result of one run.
type Row struct {
	Workload  string  `json:"workload"`
	Clients   int     `json:"clients"`
	Count     int     `json:"count"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"perSecond"`
	P50       float64 `json:"p50Ms"`
	P99       float64 `json:"p99Ms"`
}

// request is one request of a workload; r is the client's own.
type request func(ctx context.Context, r *rand.Rand) error

// measure has clients make requests for a time.
func measure(ctx context.Context, workload string, clients int, d time.Duration, ask request) (Row, error) {
	if clients < 1 || d <= 0 {
		return Row{}, errors.New("bench needs clients and a duration")
	}
	var warm sync.WaitGroup
	warm.Add(clients)
	var begin time.Time
	start := make(chan struct{})
	took := make([][]time.Duration, clients)
	g, ctx := errgroup.WithContext(ctx)
	for i := range clients {
		g.Go(func() error {
			r := rand.New(rand.NewPCG(uint64(i), 1)) //nolint:gosec // a load, not a secret
			err := ask(ctx, r)
			warm.Done()
			if err != nil {
				return err
			}
			select {
			case <-start:
			case <-ctx.Done():
				return ctx.Err()
			}
			for time.Since(begin) < d {
				at := time.Now()
				if err := ask(ctx, r); err != nil {
					return err
				}
				took[i] = append(took[i], time.Since(at))
			}
			return nil
		})
	}
	warm.Wait()
	begin = time.Now()
	close(start)
	if err := g.Wait(); err != nil {
		return Row{}, fmt.Errorf("run %s with %d clients: %w", workload, clients, err)
	}
	return row(workload, clients, time.Since(begin), slices.Concat(took...)), nil
}

// row sums up the times of single requests.
func row(workload string, clients int, all time.Duration, took []time.Duration) Row {
	r := Row{Workload: workload, Clients: clients, Count: len(took), Seconds: all.Seconds()}
	if len(took) == 0 {
		return r
	}
	slices.Sort(took)
	r.PerSecond = float64(len(took)) / all.Seconds()
	r.P50, r.P99 = ms(quantile(took, 50)), ms(quantile(took, 99))
	return r
}

// quantile is the smallest of the sorted times that percent of them do not exceed.
func quantile(sorted []time.Duration, percent int) time.Duration {
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
