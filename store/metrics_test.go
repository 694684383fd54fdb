package store_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"domicile/store/record"
	"domicile/store/storetest"
)

// Every row of the table of metrics is collected, each under its own name.
func TestMetricsAreCollected(t *testing.T) {
	t.Parallel()
	c := storetest.New(t)
	c.Create(t, record.ID{1})
	write(t, c, record.ID{1}, tag(1, "x"))
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c.Store()); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) < 10 {
		t.Errorf("%d metrics", len(families))
	}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "domicile_store_") || f.GetHelp() == "" {
			t.Errorf("metric %s has another name, or no help", f.GetName())
		}
		if f.GetName() == "domicile_store_applied_index" && f.GetMetric()[0].GetGauge().GetValue() != 2 {
			t.Errorf("applied index %v", f.GetMetric()[0].GetGauge().GetValue())
		}
	}
}
