package record_test

import (
	"testing"

	"domicile/store/record"
)

func BenchmarkIndexKeys(b *testing.B) {
	doc := []byte(`{"id":"64c777ddd3fcab07cfbb210c","description":"Weekly meeting about the new release and its open points","userId":"64c777ddd3fcab07cfbb210d","billable":true,"projectId":"64c777ddd3fcab07cfbb210e","taskId":null,"tagIds":["64c777ddd3fcab07cfbb210f"],"timeInterval":{"start":"2026-01-02T03:04:05Z","end":"2026-01-02T04:04:05Z","duration":"PT1H"},"customFieldValues":[],"type":"REGULAR","kioskId":null,"isLocked":false,"hourlyRate":null,"costRate":null}`)
	d, _ := record.Lookup(record.TimeEntry)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		d.IndexKeys(doc, func(*record.Index, []byte) { n++ })
	}
}
