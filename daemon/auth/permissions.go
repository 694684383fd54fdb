package auth

import (
	"domicile/daemon/directory"
	"domicile/store/record"

	"github.com/tidwall/gjson"
)

// Action is something that can be done in a workspace.
type Action string

// The actions, one for each row of the table.
const (
	WorkspaceView    Action = "workspace.view"
	WorkspaceChange  Action = "workspace.change"  // name and settings
	WorkspaceRates   Action = "workspace.rates"   // hourly and cost rate
	WorkspaceOwn     Action = "workspace.own"     // region, subdomain, owner, deletion
	WorkspaceBackups Action = "workspace.backups" // see backups and exports
	WorkspaceRestore Action = "workspace.restore" // restore, export everything
	AuditRead        Action = "audit.read"
	ChangesRead      Action = "changes.read" // the change feed, search over everything
	SearchUse        Action = "search.use"   // restricted to what the person may see
	ImportRun        Action = "import.run"
	UsersView        Action = "users.view"
	UsersInvite      Action = "users.invite"
	UsersStatus      Action = "users.status" // activate, deactivate, remove
	UsersRole        Action = "users.role"
	UsersRates       Action = "users.rates"
	UsersSettings    Action = "users.settings" // own; of others for admins
	GroupsChange     Action = "groups.change"
	ProjectsView     Action = "projects.view"     // public ones and those one is a member of
	ProjectsViewAll  Action = "projects.view-all" // private ones too
	ProjectsCreate   Action = "projects.create"
	ProjectsChange   Action = "projects.change" // name, colour, note, archive, members, estimates
	ProjectsRates    Action = "projects.rates"
	ProjectsDelete   Action = "projects.delete"
	TasksCreate      Action = "tasks.create"
	TasksChange      Action = "tasks.change"
	TasksDelete      Action = "tasks.delete"
	ClientsView      Action = "clients.view"
	ClientsChange    Action = "clients.change"
	ClientsDelete    Action = "clients.delete"
	TagsView         Action = "tags.view"
	TagsCreate       Action = "tags.create"
	TagsChange       Action = "tags.change"    // rename, archive, delete
	EntriesCreate    Action = "entries.create" // for the target's person
	EntriesView      Action = "entries.view"
	EntriesChange    Action = "entries.change"
	EntriesDelete    Action = "entries.delete"
	EntriesInvoiced  Action = "entries.invoiced"
	RatesView        Action = "rates.view"       // billable rates and amounts
	ReportsView      Action = "reports.view"     // over what the person may see
	ReportsViewAll   Action = "reports.view-all" // over everybody's entries
	ActivityView     Action = "activity.view"
	ActivityChange   Action = "activity.change"
)

// Grant is how far a role may do an action.
type Grant uint8

// The grants, from nothing to everything.
const (
	No      Grant = iota
	Own           // on what is the person's own
	Managed       // on what is the person's own, or is of a project or person that they manage
	Setting       // on everything if the workspace's setting allows it, else as Own
	Yes           // on everything
)

// Target is what an action is done to. Zero fields mean that the action has none of it.
type Target struct {
	Person   record.ID // whose entry, settings or activity it is
	Project  record.ID // of which project
	Settings []byte    // the workspace's settings document; nil refuses what a setting could allow
}

// Allow reports whether a member may do an action to a target. It is the table in permissions.go, read by
// nothing else.
func Allow(m Member, action Action, t Target) bool { return false }

var (
	_ = gjson.Valid
	_ = directory.Owner
)
