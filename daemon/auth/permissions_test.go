package auth

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"domicile/daemon/directory"
	"domicile/store/record"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden files")

// A6: the table, for people to read; a change of it is a change of this file.
func TestA6PermissionTable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s %-8s %-8s %-8s %-8s %-8s %s\n", "action", "owner", "admin", "project", "team", "member", "setting")
	for _, r := range table {
		line := fmt.Sprintf("%-20s %-8s %-8s %-8s %-8s %-8s %s", r.action, r.owner, r.admin, r.projectManager, r.teamManager, r.member, r.setting)
		fmt.Fprintln(&b, strings.TrimRight(line, " "))
	}
	const name = "testdata/permissions.txt"
	if *rewrite {
		try(t, os.WriteFile(name, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(name)
	try(t, err)
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("the table has changed; -rewrite if that is meant:\n%s", diff)
	}
}

func TestA6RowsMakeSense(t *testing.T) {
	t.Parallel()
	seen := map[Action]bool{}
	for _, r := range table {
		if seen[r.action] {
			t.Errorf("%s has two rows", r.action)
		}
		seen[r.action] = true
		bySetting := false
		for _, g := range []Grant{r.owner, r.admin, r.projectManager, r.teamManager, r.member} {
			bySetting = bySetting || g == BySetting
		}
		if bySetting != (r.setting != "") {
			t.Errorf("%s: setting %q does not fit its grants", r.action, r.setting)
		}
		if r.owner < r.admin || r.admin < r.member {
			t.Errorf("%s: a higher role may do less", r.action)
		}
	}
	if Allow(Member{Status: directory.Active, Role: directory.Owner}, "fly", Target{}) {
		t.Error("an action without a row is allowed")
	}
}

func TestA6Decisions(t *testing.T) {
	t.Parallel()
	ann, bob, project := record.ID{1}, record.ID{2}, record.ID{3}
	member := Member{Person: ann, Status: directory.Active}
	with := func(change func(*Member)) Member {
		m := member
		change(&m)
		return m
	}
	owner := with(func(m *Member) { m.Role = directory.Owner })
	admin := with(func(m *Member) { m.Role = directory.Admin })
	manager := with(func(m *Member) { m.Projects = map[record.ID]bool{project: true} })
	leader := with(func(m *Member) { m.People = map[record.ID]bool{bob: true} })
	inactive := with(func(m *Member) { m.Role = directory.Owner; m.Status = directory.Inactive })
	open := []byte(`{"workspaceSettings":{"onlyAdminsCreateTag":false,"onlyAdminsSeeAllTimeEntries":false}}`)
	closed := []byte(`{"workspaceSettings":{"onlyAdminsCreateTag":true,"onlyAdminsSeeAllTimeEntries":true}}`)
	for _, c := range []struct {
		name   string
		member Member
		action Action
		target Target
		want   bool
	}{
		{"owner's region", owner, WorkspaceOwn, Target{}, true},
		{"admin's region", admin, WorkspaceOwn, Target{}, false},
		{"inactive owner", inactive, WorkspaceView, Target{}, false},
		{"own entry", member, EntriesChange, Target{Person: ann}, true},
		{"other's entry", member, EntriesChange, Target{Person: bob}, false},
		{"nobody's entry", member, EntriesChange, Target{}, false},
		{"other's entry by admin", admin, EntriesChange, Target{Person: bob}, true},
		{"see others, closed", member, EntriesView, Target{Person: bob, Settings: closed}, false},
		{"see others, open", member, EntriesView, Target{Person: bob, Settings: open}, true},
		{"see others, no settings", member, EntriesView, Target{Person: bob}, false},
		{"see others in managed project", manager, EntriesView, Target{Person: bob, Project: project, Settings: closed}, true},
		{"see others in another project", manager, EntriesView, Target{Person: bob, Project: ann, Settings: closed}, false},
		{"see managed person", leader, EntriesView, Target{Person: bob, Settings: closed}, true},
		{"manager is a member too", manager, TagsCreate, Target{Settings: open}, true},
		{"change managed project", manager, ProjectsChange, Target{Project: project}, true},
		{"change other project", manager, ProjectsChange, Target{Project: ann}, false},
		{"change no project", manager, ProjectsChange, Target{}, false},
		{"tag, closed", member, TagsCreate, Target{Settings: closed}, false},
		{"tag by admin, closed", admin, TagsCreate, Target{Settings: closed}, true},
		{"other's activity by admin", admin, ActivityView, Target{Person: bob, Settings: open}, false},
		{"own activity", member, ActivityView, Target{Person: ann}, true},
	} {
		if got := Allow(c.member, c.action, c.target); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestManagersComeFromTheMemberRecord(t *testing.T) {
	t.Parallel()
	w := newTown(t, directory.EU)
	ann := w.person(t, "ann@example.com")
	ws := w.workspace(t, ann, directory.EU)
	w.sync(t)
	project, person := record.ID{3}, record.ID{4}
	doc := fmt.Sprintf(`{"id":%q,"roles":[{"role":"PROJECT_MANAGER","entities":[{"id":%q,"name":"x"},{"id":"zz"},7]},{"role":"TEAM_MANAGER","entities":[%q]},{"role":"X"},5]}`, ann, project, person)
	w.put(t, ws, record.Member, ann, doc)
	m, err := w.member(t, Principal{Person: ann}, ws)
	try(t, err)
	if len(m.Projects) != 1 || !m.Projects[project] || len(m.People) != 1 || !m.People[person] {
		t.Errorf("member %+v", m)
	}
}
