package store

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Stats are figures of the engine below the store.
type Stats struct {
	Stalls           uint64        // times that writes had to wait for flushes or compactions
	Stalled          time.Duration // how long they wait now; 0 while they flow
	SlowDisk         uint64        // operations of the disk that took over 5 s
	Corruptions      uint64        // damaged blocks found
	BackgroundErrors uint64        // flushes and compactions that failed, and are tried again
	CompactionDebt   uint64        // bytes that wait to be compacted
	L0Files          uint64
	DiskBytes        uint64 // of all files
	MemTableBytes    uint64
	CacheBytes       uint64
	CacheHits        uint64
	CacheMisses      uint64
}

// Stats returns the engine's figures. After Close they are zero.
func (d *DB) Stats() Stats {
	if d.enter() != nil {
		return Stats{}
	}
	defer d.leave()
	m := d.pebble.Metrics()
	s := Stats{
		Stalls:           d.events.stalls.Load(),
		SlowDisk:         d.events.slow.Load(),
		Corruptions:      d.events.corrupt.Load(),
		BackgroundErrors: d.events.background.Load(),
		CompactionDebt:   m.Compact.EstimatedDebt,
		L0Files:          uint64(m.Levels[0].TablesCount),
		DiskBytes:        m.DiskSpaceUsage(),
		MemTableBytes:    m.MemTable.Size,
		CacheBytes:       uint64(m.BlockCache.Size),
		CacheHits:        uint64(m.BlockCache.Hits),
		CacheMisses:      uint64(m.BlockCache.Misses),
	}
	if since := d.events.stalledSince.Load(); since != 0 {
		s.Stalled = time.Since(time.Unix(0, since))
	}
	return s
}

// metrics is the table of what the store tells Prometheus.
var metrics = []struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*DB, *Stats) float64
}{
	{desc("applied_index", "Index of the last log entry that was applied."), prometheus.GaugeValue, func(d *DB, _ *Stats) float64 {
		index, _ := d.Applied()
		return float64(index)
	}},
	{desc("failed", "1 once the store has failed for good."), prometheus.GaugeValue, func(d *DB, _ *Stats) float64 {
		if d.Failure() != nil {
			return 1
		}
		return 0
	}},
	{desc("space_state", "Free space: 0 ample, 1 low, 2 full, 3 reserve."), prometheus.GaugeValue, func(d *DB, _ *Stats) float64 { return float64(d.SpaceState()) }},
	{desc("write_stalls_total", "Times that writes had to wait for flushes or compactions."), prometheus.CounterValue, func(_ *DB, s *Stats) float64 { return float64(s.Stalls) }},
	{desc("write_stalled_seconds", "How long writes wait now."), prometheus.GaugeValue, func(_ *DB, s *Stats) float64 { return s.Stalled.Seconds() }},
	{desc("slow_disk_total", "Disk operations that took over 5 s."), prometheus.CounterValue, func(_ *DB, s *Stats) float64 { return float64(s.SlowDisk) }},
	{desc("corruptions_total", "Damaged blocks found."), prometheus.CounterValue, func(_ *DB, s *Stats) float64 { return float64(s.Corruptions) }},
	{desc("background_errors_total", "Flushes and compactions that failed."), prometheus.CounterValue, func(_ *DB, s *Stats) float64 { return float64(s.BackgroundErrors) }},
	{desc("compaction_debt_bytes", "Bytes that wait to be compacted."), prometheus.GaugeValue, func(_ *DB, s *Stats) float64 { return float64(s.CompactionDebt) }},
	{desc("l0_files", "Tables that were flushed and not yet compacted."), prometheus.GaugeValue, func(_ *DB, s *Stats) float64 { return float64(s.L0Files) }},
	{desc("disk_bytes", "Bytes of all files."), prometheus.GaugeValue, func(_ *DB, s *Stats) float64 { return float64(s.DiskBytes) }},
	{desc("memtable_bytes", "Bytes of the memtables."), prometheus.GaugeValue, func(_ *DB, s *Stats) float64 { return float64(s.MemTableBytes) }},
	{desc("cache_bytes", "Bytes in the block cache."), prometheus.GaugeValue, func(_ *DB, s *Stats) float64 { return float64(s.CacheBytes) }},
	{desc("cache_hits_total", "Blocks found in the cache."), prometheus.CounterValue, func(_ *DB, s *Stats) float64 { return float64(s.CacheHits) }},
	{desc("cache_misses_total", "Blocks read from disk."), prometheus.CounterValue, func(_ *DB, s *Stats) float64 { return float64(s.CacheMisses) }},
}

func desc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("domicile_store_"+name, help, nil, nil)
}

// Describe implements prometheus.Collector.
func (d *DB) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range metrics {
		ch <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (d *DB) Collect(ch chan<- prometheus.Metric) {
	stats := d.Stats()
	for _, m := range metrics {
		ch <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(d, &stats))
	}
}
