package directory

import "domicile/store/record"

// Item is an item of requirement R6's list of what may be outside a workspace's region.
type Item string

// The items of R6.
const (
	Profile      Item = "member profile"                     // e-mail, name, picture, and the credential that proves them
	Organisation Item = "organisation and workspace details" // name, status, membership
	SystemID     Item = "system-generated id"                // ids, homes, epochs, keys, times of the system's own acts
	Metrics      Item = "internal metrics"                   // seat count, usage
	Quality      Item = "logs and analytics about quality"   // of service
)

// fields is everything that a document in the directory may hold, at any depth (a.b is b in a; lists are
// looked through). What is not here is regional, and a document that has it is refused before it is
// proposed (checkFields).
var fields = map[record.Kind]map[string]Item{
	record.Person: {
		"id":             SystemID,
		"email":          Profile,
		"name":           Profile,
		"profilePicture": Profile,
		"status":         Profile,
		"password":       Profile,
		"createdAt":      SystemID,
	},
	record.Workspace: {
		"id":        SystemID,
		"name":      Organisation,
		"plan":      Organisation,
		"ownerId":   Organisation,
		"status":    Organisation,
		"subdomain": Organisation,
		"createdAt": SystemID,
	},
	record.Membership: {
		"id":          SystemID,
		"personId":    Organisation,
		"workspaceId": Organisation,
		"status":      Organisation,
		"role":        Organisation,
	},
	record.Home: {
		"id":             SystemID,
		"region":         Organisation,
		"cell":           SystemID,
		"epoch":          SystemID,
		"since":          SystemID,
		"earlier":        Organisation,
		"earlier.region": Organisation,
		"earlier.until":  SystemID,
	},
	record.Region: {
		"id":         SystemID,
		"region":     SystemID,
		"keys":       SystemID,
		"keys.key":   SystemID,
		"keys.since": SystemID,
	},
	record.Trail: {
		"id":               SystemID,
		"at":               SystemID,
		"actor":            SystemID,
		"actor.kind":       SystemID,
		"actor.person":     SystemID,
		"actor.credential": SystemID,
		"code":             SystemID,
		"reason":           SystemID,
		"subjects":         SystemID,
	},
}
