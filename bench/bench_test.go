package bench_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"domicile/bench"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const report = `"Project","Client","Description","Task","User","Group","Email","Tags","Billable","Start Date","Start Time","End Date","End Time","Duration (h)","Duration (decimal)","Billable Rate (USD)","Billable Amount (USD)"
"Tour","Acme","benchmark","","Ann","","ann@example.com","","Yes","03/13/2026","09:00:00 AM","03/13/2026","10:00:00 AM","01:00:00","1.00","0.00","0.00"
`

// TestEachWorkloadCounts runs each briefly against a fresh installation.
func TestEachWorkloadCounts(t *testing.T) {
	t.Parallel()
	target, end, err := bench.Fresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	}()
	if err := bench.Seed(t.Context(), target, 60); err != nil {
		t.Fatal(err)
	}
	for name, run := range map[string]func(context.Context, bench.Target, int, time.Duration) (bench.Row, error){
		"writes": bench.Writes, "list": bench.List, "search": bench.Search,
	} {
		row, err := run(t.Context(), target, 2, 50*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if row.Workload != name || row.Clients != 2 || row.Count == 0 || row.PerSecond <= 0 || row.P50 <= 0 || row.P99 < row.P50 {
			t.Errorf("%+v", row)
		}
	}
	row, err := bench.Import(t.Context(), target, strings.NewReader(report), "MM/DD/YYYY", "UTC")
	if err != nil || row.Count != 1 {
		t.Errorf("import: %+v, %v", row, err)
	}
	if _, err := bench.Import(t.Context(), target, strings.NewReader(report), "MM/DD/YYYY", "UTC"); err == nil {
		t.Error("an import that adds nothing was measured")
	}
}

func TestB1RefusalEndsTheRun(t *testing.T) {
	t.Parallel()
	target, end, err := bench.Fresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	target.Workspace = "0123456789abcdef01234567"
	if row, err := bench.Writes(t.Context(), target, 2, time.Second); err == nil {
		t.Errorf("refused writes were counted: %+v", row)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}
