package index

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are a Set's own; a workspace is never a label.
type metrics struct {
	records  prometheus.Counter
	batches  prometheus.Counter
	rebuilds *prometheus.CounterVec
	searches prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		records: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "domicile_index_records_total", Help: "Records written to or deleted from search indexes.",
		}),
		batches: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "domicile_index_batches_total", Help: "Batches written to search indexes.",
		}),
		rebuilds: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "domicile_index_rebuilds_total", Help: "Search indexes that were built again, by reason.",
		}, []string{"reason"}),
		searches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "domicile_index_search_seconds", Help: "Time that a search takes.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 12),
		}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.records, m.batches, m.rebuilds, m.searches} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register metric: %w", err)
		}
	}
	return m, nil
}
