package replicate

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
	"github.com/prometheus/client_golang/prometheus"

	"domicile/store"
)

// metrics are a node's figures. They carry no workspace.
type metrics struct {
	commands    *prometheus.CounterVec
	packed      prometheus.Histogram
	applyTime   prometheus.Histogram
	appliedIn   prometheus.Counter
	readTime    prometheus.Histogram
	rounds      prometheus.Counter
	confirmedIn prometheus.Counter
	checkpoints prometheus.Histogram
	all         []prometheus.Collector
}

func newMetrics(n *Node) *metrics {
	const space = "domicile"
	m := &metrics{
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: space, Subsystem: "replicate", Name: "commands_total", Help: "Commands submitted here, by outcome.",
		}, []string{"outcome"}),
		packed: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: space, Subsystem: "replicate", Name: "entry_commands", Help: "Commands packed into an entry.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 7),
		}),
		applyTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: space, Subsystem: "replicate", Name: "apply_seconds", Help: "Time to apply a batch of entries.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2, 14),
		}),
		appliedIn: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: space, Subsystem: "replicate", Name: "applied_commands_total", Help: "Commands applied by this node.",
		}),
		readTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: space, Subsystem: "replicate", Name: "view_seconds", Help: "Time until a linearizable view was confirmed.",
			Buckets: prometheus.ExponentialBuckets(0.00002, 2, 16),
		}),
		rounds: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: space, Subsystem: "replicate", Name: "confirmations_total", Help: "Times that leadership was confirmed for reads.",
		}),
		confirmedIn: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: space, Subsystem: "replicate", Name: "confirmed_views_total", Help: "Views that waited for those confirmations.",
		}),
		checkpoints: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: space, Subsystem: "replicate", Name: "checkpoint_seconds", Help: "Time to make a checkpoint.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}),
	}
	m.all = []prometheus.Collector{m.commands, m.packed, m.applyTime, m.appliedIn, m.readTime, m.rounds, m.confirmedIn, m.checkpoints}
	for _, g := range []struct {
		name, help string
		value      func() float64
	}{
		{"term", "Raft's term.", func() float64 { return float64(n.raft.CurrentTerm()) }},
		{"leader", "1 while this node leads its cell.", func() float64 { return fact(n.raft.State() == raft.Leader) }},
		{"applied_index", "Index of the newest entry that the store has applied.", func() float64 { return float64(n.appliedIndex()) }},
		{"commit_index", "Index of the newest entry that is on a majority.", func() float64 { return float64(n.raft.CommitIndex()) }},
		{"log_bytes", "Bytes of entries in the log.", func() float64 { return float64(n.log.bytes()) }},
		{"waiting_commands", "Commands that wait to be proposed.", func() float64 { return float64(len(n.queue)) }},
		{"waiting_bytes", "Bytes of them.", func() float64 { return float64(n.queued.Load()) }},
		{"stopped", "1 when the node has stopped because of a fault.", func() float64 { return fact(n.failed() != nil) }},
	} {
		m.all = append(m.all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: space, Subsystem: "replicate", Name: g.name, Help: g.help,
		}, g.value))
	}
	return m
}

func fact(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (m *metrics) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	for _, c := range m.all {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	return nil
}

func (m *metrics) unregister(r prometheus.Registerer) {
	if r == nil {
		return
	}
	for _, c := range m.all {
		r.Unregister(c)
	}
}

func (m *metrics) submitted(r store.Result, err error) {
	m.commands.WithLabelValues(outcomeName(r, err)).Inc()
}

func outcomeName(r store.Result, err error) string {
	switch {
	case err == nil && r.Err == nil:
		return "applied"
	case err == nil:
		return "refused"
	case errors.Is(err, ErrUnknownOutcome):
		return "unknown"
	case errors.Is(err, ErrOverloaded):
		return "overloaded"
	case errors.Is(err, ErrNotLeader):
		return "no_leader"
	}
	return "failed"
}

func (m *metrics) proposed(commands int, err error) {
	if err == nil {
		m.packed.Observe(float64(commands))
	}
}

func (m *metrics) applied(entries []store.Entry, took time.Duration) {
	for i := range entries {
		m.appliedIn.Add(float64(len(entries[i].Commands)))
	}
	m.applyTime.Observe(took.Seconds())
}

func (m *metrics) read(took time.Duration) { m.readTime.Observe(took.Seconds()) }

func (m *metrics) confirmed(views int) {
	m.rounds.Inc()
	m.confirmedIn.Add(float64(views))
}

func (m *metrics) checkpointed(took time.Duration) { m.checkpoints.Observe(took.Seconds()) }
