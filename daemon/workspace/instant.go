package workspace

import (
	"time"
	_ "time/tzdata" // zones must not depend on the machine
)

// Times lie in these years: earlier ones are typing errors, later ones do not
// fit what clients parse.
const (
	firstYear = 1970
	lastYear  = 2200
)

// zoned are the layouts that name an instant, unzoned those that name a wall
// clock. Fractions of a second are read by both (time.Parse takes them) and
// dropped.
var (
	zoned   = [...]string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00"}
	unzoned = [...]string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02"}
)

// ParseInstant reads a time with its zone, or without one in the zone given,
// and returns it in UTC in whole seconds. Impossible days are refused, not
// rolled forward.
func ParseInstant(text string, zone *time.Location) (time.Time, bool) {
	for _, layout := range zoned {
		if t, err := time.Parse(layout, text); err == nil {
			return whole(t)
		}
	}
	for _, layout := range unzoned {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return whole(t)
		}
	}
	return time.Time{}, false
}

func whole(t time.Time) (time.Time, bool) {
	t = t.UTC().Truncate(time.Second)
	return t, t.Year() >= firstYear && t.Year() <= lastYear
}

// Instant writes a time as the API does: UTC, whole seconds, Z.
func Instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
