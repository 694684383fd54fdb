package sample

import (
	"strings"
	"time"

	rules "domicile/daemon/workspace"
	"domicile/store/record"
)

var (
	verbs   = []string{"Review", "Draft", "Fix", "Plan", "Discuss", "Test", "Document", "Prepare", "Migrate", "Sketch", "Measure", "Clean up"}
	objects = []string{
		"the landing page", "invoice layout", "search results", "the stock list", "sign-in", "release notes", "the quarterly report",
		"customer feedback", "database backups", "the onboarding guide", "delivery labels", "opening hours", "the tax export", "meeting minutes",
	}
	endings = []string{"", "", " with the client", " again", " (second round)", " for next week", " after the call"}
)

// timeEntry is a time entry as it is stored.
type timeEntry struct {
	ID                record.ID    `json:"id"`
	Description       string       `json:"description"`
	UserID            record.ID    `json:"userId"`
	Billable          bool         `json:"billable"`
	ProjectID         *record.ID   `json:"projectId"`
	TaskID            *record.ID   `json:"taskId"`
	TagIDs            []record.ID  `json:"tagIds"`
	TimeInterval      timeInterval `json:"timeInterval"`
	CustomFieldValues []any        `json:"customFieldValues"`
	Type              string       `json:"type"`
	KioskID           *string      `json:"kioskId"`
	IsLocked          bool         `json:"isLocked"`
	HourlyRate        *rules.Rate  `json:"hourlyRate"`
	CostRate          *rules.Rate  `json:"costRate"`
}

type timeInterval struct {
	Start    string `json:"start"`
	End      string `json:"end"`
	Duration string `json:"duration"`
}

// work makes time entries: on each working day of the workspace's days, some of everybody.
func (c *contents) work() error {
	n := 0
	for back := c.w.days; back > 0; back-- {
		day := c.day(back)
		if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
			continue
		}
		for _, who := range c.w.people {
			at := day.Add(8*time.Hour + time.Duration(c.random.IntN(60))*time.Minute)
			for range 3 + c.random.IntN(3) {
				took := time.Duration(15+c.random.IntN(120)) * time.Minute
				if err := c.entry(n, who, at, took); err != nil {
					return err
				}
				at = at.Add(took + time.Duration(c.random.IntN(20))*time.Minute)
				n++
			}
		}
	}
	return nil
}

func (c *contents) entry(n int, who person, start time.Time, took time.Duration) error {
	e := timeEntry{
		ID: c.idOf(record.TimeEntry, n), UserID: who.id(), TagIDs: []record.ID{}, CustomFieldValues: []any{}, Type: "REGULAR",
		Description:  strings.Join([]string{of(c, verbs), " ", of(c, objects), of(c, endings)}, ""),
		TimeInterval: timeInterval{Start: rules.Instant(start), End: rules.Instant(start.Add(took)), Duration: rules.Duration(took)},
		CostRate:     &rules.Rate{Amount: 3000, Currency: "USD"},
	}
	if c.random.IntN(12) > 0 {
		p := of(c, c.projects)
		e.ProjectID, e.HourlyRate, e.Billable = &p.id, &rules.Rate{Amount: p.rate, Currency: "USD"}, c.random.IntN(5) > 0
		if c.random.IntN(3) > 0 {
			task := of(c, p.tasks)
			e.TaskID = &task
		}
	}
	if c.random.IntN(3) == 0 {
		e.TagIDs = append(e.TagIDs, of(c, c.tags))
	}
	return c.put(record.TimeEntry, e.ID, e)
}
