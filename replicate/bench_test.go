package replicate

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"domicile/store"
	"domicile/store/record"
)

// BenchmarkSubmit commits time entries of some 400 bytes on the real file system, one node.
func BenchmarkSubmit(b *testing.B) {
	for _, clients := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			r, err := boot(vfs.Default, b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			create(b, r.node)
			ids := record.NewGenerator()
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ResetTimer()
			for range clients {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if _, err := r.node.Submit(b.Context(), entryOf(ids.Next(time.Now()))); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			if err := r.close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// entryOf is a time entry as the API stores it.
func entryOf(id record.ID) store.Command {
	person, project := record.DeriveID("person", fmt.Sprint(id[11]%50)), record.DeriveID("project", fmt.Sprint(id[11]%17))
	doc := fmt.Appendf(nil, `{"id":%q,"description":"Reviewed the draft of the quarterly report with Ann","userId":%q,"billable":true,`+
		`"projectId":%q,"taskId":null,"tagIds":[],"timeInterval":{"start":"2026-11-24T08:00:00Z","end":"2026-11-24T09:30:00Z",`+
		`"duration":"PT1H30M"},"customFieldValues":[],"type":"REGULAR","kioskId":null,"isLocked":false,"hourlyRate":null}`, id, person, project)
	return store.Command{Txn: &store.Txn{Workspace: acme, Epoch: 1, Puts: []store.Put{{Key: record.Key{Kind: record.TimeEntry, ID: id}, Doc: doc}}}}
}
