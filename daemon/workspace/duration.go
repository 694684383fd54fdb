package workspace

import (
	"strconv"
	"time"
)

// Duration is a length of time in ISO 8601 as the API writes it: whole
// seconds, hours at most, PT0S for zero.
func Duration(d time.Duration) string {
	s := int64(d / time.Second)
	if s <= 0 {
		return "PT0S"
	}
	b := make([]byte, 0, 16)
	b = append(b, 'P', 'T')
	if h := s / 3600; h > 0 {
		b = append(strconv.AppendInt(b, h, 10), 'H')
	}
	if m := s / 60 % 60; m > 0 {
		b = append(strconv.AppendInt(b, m, 10), 'M')
	}
	if r := s % 60; r > 0 {
		b = append(strconv.AppendInt(b, r, 10), 'S')
	}
	return string(b)
}

// ParseDuration reads what Duration writes, and also days and hours above 24
// (P1DT2H, PT36H), as clients send them in estimates. Weeks, months, years and
// fractions are refused: their length depends on the calendar or is not whole.
func ParseDuration(text string) (time.Duration, error) {
	bad := &Invalid{Field: "duration", Reason: "is not an ISO 8601 duration such as PT1H30M"}
	if len(text) < 3 || text[0] != 'P' {
		return 0, bad
	}
	var total int64
	units, rest, inTime := "DHMS", text[1:], false
	const most = int64(100 * 366 * 24 * 3600) // a century: nothing that is tracked is longer
	parts := 0
	for rest != "" {
		if rest[0] == 'T' {
			if inTime {
				return 0, bad
			}
			inTime, rest = true, rest[1:]
			if rest == "" {
				return 0, bad
			}
			continue
		}
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if n == 0 || n > 12 || n == len(rest) {
			return 0, bad
		}
		value, err := strconv.ParseInt(rest[:n], 10, 64)
		if err != nil {
			return 0, bad
		}
		at := -1
		for i := range len(units) {
			if units[i] == rest[n] {
				at = i
			}
		}
		if at < 0 || (units[at] == 'D') == inTime {
			return 0, bad
		}
		total += value * map[byte]int64{'D': 86400, 'H': 3600, 'M': 60, 'S': 1}[units[at]]
		if value > most || total > most {
			return 0, bad
		}
		units, rest = units[at+1:], rest[n+1:]
		parts++
	}
	if parts == 0 {
		return 0, bad
	}
	return time.Duration(total) * time.Second, nil
}
