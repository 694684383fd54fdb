package workspace

import (
	"time"

	"domicile/store"
)

// ErrWorkspaceLocked is what a job in the background meets while a transfer holds the workspace.
var ErrWorkspaceLocked = store.ErrLocked

// WorkspaceZone is the time zone of the workspace's settings, UTC without one.
func (c *Scope) WorkspaceZone() *time.Location {
	for _, path := range []string{"workspaceSettings.timeZone", "workspaceSettings.lockTimeZone"} {
		if name := c.Setting(path).String(); name != "" {
			if zone, err := time.LoadLocation(name); err == nil {
				return zone
			}
		}
	}
	return time.UTC
}
