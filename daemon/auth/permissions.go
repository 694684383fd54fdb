package auth

import (
	"github.com/tidwall/gjson"

	"domicile/daemon/directory"
	"domicile/store/record"
)

// Action is something that can be done in a workspace.
type Action string

// The actions, one for each row of the table.
const (
	WorkspaceView    Action = "workspace.view"
	WorkspaceChange  Action = "workspace.change"  // name and settings
	WorkspaceRates   Action = "workspace.rates"   // hourly and cost rate
	WorkspaceOwn     Action = "workspace.own"     // region, subdomain, owner, deletion
	WorkspaceBackups Action = "workspace.backups" // see backups
	WorkspaceRestore Action = "workspace.restore" // restore, export everything
	AuditRead        Action = "audit.read"
	ChangesRead      Action = "changes.read" // the change feed
	SearchUse        Action = "search.use"   // over what the person may see
	ImportRun        Action = "import.run"
	UsersView        Action = "users.view"
	UsersInvite      Action = "users.invite"
	UsersStatus      Action = "users.status" // activate, deactivate, remove
	UsersRole        Action = "users.role"
	UsersRates       Action = "users.rates"
	UsersSettings    Action = "users.settings" // profile and settings in the workspace
	GroupsChange     Action = "groups.change"
	ProjectsView     Action = "projects.view"     // public ones, and those one is a member of
	ProjectsViewAll  Action = "projects.view-all" // private ones too
	ProjectsCreate   Action = "projects.create"
	ProjectsChange   Action = "projects.change" // name, colour, note, archive, members, estimates
	ProjectsRates    Action = "projects.rates"
	ProjectsDelete   Action = "projects.delete"
	TasksCreate      Action = "tasks.create"
	TasksChange      Action = "tasks.change"
	TasksDelete      Action = "tasks.delete"
	ClientsView      Action = "clients.view"
	ClientsChange    Action = "clients.change" // create, rename, archive
	ClientsDelete    Action = "clients.delete"
	TagsView         Action = "tags.view"
	TagsCreate       Action = "tags.create"
	TagsChange       Action = "tags.change" // rename, archive, delete
	EntriesCreate    Action = "entries.create"
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
	No        Grant = iota
	Own             // to what is the person's own
	Managed         // to what is the person's own, or of a project or person that they manage
	BySetting       // to everything if the workspace's setting opens it, else to the person's own
	Yes             // to everything
)

// String is the grant as the table's test prints it.
func (g Grant) String() string {
	return [...]string{"-", "own", "managed", "setting", "yes"}[g]
}

// row says what each role may do. A member who is a manager of projects or people has that role's column
// besides the member's.
type row struct {
	action         Action
	owner          Grant
	admin          Grant
	projectManager Grant
	teamManager    Grant
	member         Grant
	setting        string // path in the settings document; the action is open while it is false
}

const settings = "workspaceSettings."

// table is the permission table.
var table = []row{
	{WorkspaceView, Yes, Yes, Yes, Yes, Yes, ""},
	{WorkspaceChange, Yes, Yes, No, No, No, ""},
	{WorkspaceRates, Yes, Yes, No, No, No, ""},
	{WorkspaceOwn, Yes, No, No, No, No, ""},
	{WorkspaceBackups, Yes, Yes, No, No, No, ""},
	{WorkspaceRestore, Yes, No, No, No, No, ""},
	{AuditRead, Yes, Yes, No, No, No, ""},
	{ChangesRead, Yes, Yes, No, No, No, ""},
	{SearchUse, Yes, Yes, Yes, Yes, Yes, ""},
	{ImportRun, Yes, Yes, No, No, No, ""},

	{UsersView, Yes, Yes, Yes, Yes, Yes, ""},
	{UsersInvite, Yes, Yes, No, No, No, ""},
	{UsersStatus, Yes, Yes, No, No, No, ""},
	{UsersRole, Yes, Yes, No, No, No, ""},
	{UsersRates, Yes, Yes, No, No, No, ""},
	{UsersSettings, Yes, Yes, Own, Own, Own, ""},
	{GroupsChange, Yes, Yes, No, No, No, ""},

	{ProjectsView, Yes, Yes, Yes, Yes, Yes, ""},
	{ProjectsViewAll, Yes, Yes, Managed, No, No, ""},
	{ProjectsCreate, Yes, Yes, BySetting, BySetting, BySetting, settings + "onlyAdminsCreateProject"},
	{ProjectsChange, Yes, Yes, Managed, No, No, ""},
	{ProjectsRates, Yes, Yes, Managed, No, No, ""},
	{ProjectsDelete, Yes, Yes, Managed, No, No, ""},
	{TasksCreate, Yes, Yes, Managed, BySetting, BySetting, settings + "onlyAdminsCreateTask"},
	{TasksChange, Yes, Yes, Managed, BySetting, BySetting, settings + "onlyAdminsCreateTask"},
	{TasksDelete, Yes, Yes, Managed, No, No, ""},
	{ClientsView, Yes, Yes, Yes, Yes, Yes, ""},
	{ClientsChange, Yes, Yes, BySetting, BySetting, BySetting, settings + "onlyAdminsCreateProject"},
	{ClientsDelete, Yes, Yes, No, No, No, ""},
	{TagsView, Yes, Yes, Yes, Yes, Yes, ""},
	{TagsCreate, Yes, Yes, BySetting, BySetting, BySetting, settings + "onlyAdminsCreateTag"},
	{TagsChange, Yes, Yes, BySetting, BySetting, BySetting, settings + "onlyAdminsCreateTag"},

	{EntriesCreate, Yes, Yes, Own, Own, Own, ""},
	{EntriesView, Yes, Yes, Managed, Managed, BySetting, settings + "onlyAdminsSeeAllTimeEntries"},
	{EntriesChange, Yes, Yes, Own, Own, Own, ""},
	{EntriesDelete, Yes, Yes, Own, Own, Own, ""},
	{EntriesInvoiced, Yes, Yes, No, No, No, ""},
	{RatesView, Yes, Yes, Managed, Managed, BySetting, settings + "onlyAdminsSeeBillableRates"},
	{ReportsView, Yes, Yes, Yes, Yes, Yes, ""},
	{ReportsViewAll, Yes, Yes, BySetting, BySetting, BySetting, settings + "onlyAdminsSeeAllTimeEntries"},

	// One person's activity is that person's; what admins may see beyond it is a setting.
	{ActivityView, BySetting, BySetting, Own, Own, Own, settings + "onlyPersonsSeeTheirActivity"},
	{ActivityChange, Own, Own, Own, Own, Own, ""},
}

// Target is what an action is done to. Zero fields mean that the action has none of it.
type Target struct {
	Person   record.ID // whose entry, settings or activity it is
	Project  record.ID // of which project
	Settings []byte    // the workspace's settings document; nil refuses what a setting could open
}

// Allow reports whether a member may do an action to a target. It reads the permission table, and nothing
// else decides. An action that has no row is refused.
func Allow(m Member, action Action, t Target) bool {
	if m.Status != directory.Active {
		return false
	}
	for i := range table {
		if table[i].action == action {
			return table[i].allow(m, t)
		}
	}
	return false
}

func (r *row) allow(m Member, t Target) bool {
	switch m.Role {
	case directory.Owner:
		return r.reaches(r.owner, m, t)
	case directory.Admin:
		return r.reaches(r.admin, m, t)
	}
	return r.reaches(r.member, m, t) ||
		len(m.Projects) > 0 && r.reaches(r.projectManager, m, t) ||
		len(m.People) > 0 && r.reaches(r.teamManager, m, t)
}

func (r *row) reaches(g Grant, m Member, t Target) bool {
	own := !t.Person.IsZero() && t.Person == m.Person
	switch g {
	case Yes:
		return true
	case BySetting:
		// A setting that is not there opens nothing.
		return own || gjson.GetBytes(t.Settings, r.setting).Type == gjson.False
	case Managed:
		return own || m.Projects[t.Project] || m.People[t.Person]
	case Own:
		return own
	default:
		return false
	}
}
