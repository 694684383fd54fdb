package workspace

import (
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"

	"domicile/store"
	"domicile/store/record"
)

// Settings is what a workspace's settings record holds. A workspace without
// one has the defaults.
type Settings struct {
	ID         record.ID       `json:"id"`
	HourlyRate *Rate           `json:"hourlyRate"`
	CostRate   *Rate           `json:"costRate"`
	Currencies []Currency      `json:"currencies"`
	ImageURL   string          `json:"imageUrl"`
	Settings   json.RawMessage `json:"workspaceSettings"`
}

// Currency is one that a workspace uses.
type Currency struct {
	ID        record.ID `json:"id"`
	Code      string    `json:"code"`
	IsDefault bool      `json:"isDefault"`
}

// DefaultSettings are those of a new workspace.
func DefaultSettings(workspace record.ID) Settings {
	return Settings{
		ID:         workspace,
		HourlyRate: &Rate{Amount: 0, Currency: "USD"},
		CostRate:   &Rate{Amount: 0, Currency: "USD"},
		Currencies: []Currency{{ID: record.DeriveID("currency", workspace.String(), "USD"), Code: "USD", IsDefault: true}},
		Settings:   json.RawMessage(defaultWorkspaceSettings),
	}
}

const defaultWorkspaceSettings = `{"timeRoundingInReports":false,"onlyAdminsSeeBillableRates":true,"onlyAdminsCreateProject":true,` +
	`"onlyAdminsSeeDashboard":false,"defaultBillableProjects":true,"lockTimeEntries":null,"lockTimeZone":null,` +
	`"round":{"round":"Round to nearest","minutes":"15"},"projectFavorites":true,"canSeeTimeSheet":true,"canSeeTracker":true,` +
	`"projectPickerSpecialFilter":false,"forceProjects":false,"forceTasks":false,"forceTags":false,"forceDescription":false,` +
	`"onlyAdminsSeeAllTimeEntries":true,"onlyAdminsSeePublicProjectsEntries":false,"trackTimeDownToSecond":true,` +
	`"projectGroupingLabel":"client","projectLabel":"project","taskLabel":"task","adminOnlyPages":[],"automaticLock":null,` +
	`"onlyAdminsCreateTag":false,"onlyAdminsCreateTask":true,"timeTrackingMode":"DEFAULT","multiFactorEnabled":false,` +
	`"numberFormat":"COMMA_PERIOD","currencyFormat":"CURRENCY_SPACE_VALUE","durationFormat":"FULL","isProjectPublicByDefault":true,` +
	`"onlyAdminsCanChangeBillableStatus":false,"activeBillableHours":true,` +
	`"entityCreationPermissions":{"whoCanCreateProjectsAndClients":"ADMINS","whoCanCreateTags":"EVERYONE","whoCanCreateTasks":"ADMINS"},` +
	`"workingDays":["MONDAY","TUESDAY","WEDNESDAY","THURSDAY","FRIDAY"],"weekStart":"MONDAY"}`

// settingsDoc is the settings record as it is stored; of a workspace that has
// none, what the permission table must know of the defaults.
func settingsDoc(v *store.View, workspace record.ID) ([]byte, error) {
	doc, err := optional(v, workspace, record.Key{Kind: record.Settings, ID: workspace})
	if doc == nil && err == nil {
		doc = []byte(`{"workspaceSettings":` + defaultWorkspaceSettings + `}`)
	}
	return doc, err
}

// settingsOf reads stored settings over the defaults.
func settingsOf(workspace record.ID, doc []byte) (Settings, error) {
	s := DefaultSettings(workspace)
	if doc == nil {
		return s, nil
	}
	if err := json.Unmarshal(doc, &s); err != nil {
		return s, fmt.Errorf("decode settings of %s: %w", workspace, err)
	}
	s.ID = workspace
	merged, err := mergeJSON(defaultWorkspaceSettings, gjson.GetBytes(doc, "workspaceSettings"))
	s.Settings = merged
	return s, err
}

// mergeJSON lays the fields of an object over a default's.
func mergeJSON(defaults string, over gjson.Result) (json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(defaults), &fields); err != nil {
		return nil, fmt.Errorf("decode defaults: %w", err)
	}
	over.ForEach(func(name, value gjson.Result) bool {
		fields[name.String()] = json.RawMessage(value.Raw)
		return true
	})
	return encode(fields)
}

const defaultMemberSettings = `{"weekStart":"MONDAY","timeZone":"Etc/UTC","timeFormat":"HOUR24","dateFormat":"YYYY-MM-DD",` +
	`"sendNewsletter":false,"weeklyUpdates":false,"longRunning":false,"scheduledReports":true,"approval":false,"pto":false,"alerts":true,` +
	`"reminders":true,"onboarding":false,"timeTrackingManual":false,` +
	`"summaryReportSettings":{"group":"Project","subgroup":"Time Entry"},"isCompactViewOn":false,"dashboardSelection":"ME",` +
	`"dashboardViewType":"PROJECT","dashboardPinToTop":false,"projectListCollapse":50,"collapseAllProjectLists":false,` +
	`"groupSimilarEntriesDisabled":false,"myStartOfDay":"09:00","projectPickerTaskFilter":false,"lang":"EN","multiFactorEnabled":false,` +
	`"scheduling":false,"showOnlyWorkingDays":false,"theme":"DEFAULT","invoiceReminders":false}`

// memberSettings are a person's settings in a workspace. The workspace's zone
// and first day of the week stand where the person chose none.
func memberSettings(member, settings []byte) (json.RawMessage, error) {
	merged, err := mergeJSON(defaultMemberSettings, gjson.GetBytes(member, "settings"))
	if err != nil {
		return nil, err
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(merged, &fields); err != nil {
		return nil, fmt.Errorf("decode member settings: %w", err)
	}
	for name, from := range map[string]gjson.Result{
		"timeZone":  gjson.GetBytes(settings, "workspaceSettings.timeZone"),
		"weekStart": gjson.GetBytes(settings, "workspaceSettings.weekStart"),
	} {
		if !gjson.GetBytes(member, "settings."+name).Exists() && from.String() != "" {
			fields[name] = json.RawMessage(from.Raw)
		}
	}
	return encode(fields)
}
