package record

import "strconv"

// Kind says what a record is. Its number stands in keys, for ever.
type Kind uint16

// Kinds of a workspace.
const (
	TimeEntry Kind = 1 + iota
	Project
	Client
	Tag
	Task
	Member
	Settings
	CustomField
	UserGroup
	Invoice
	Expense
	ExpenseCategory
	Bucket
	Activity
	AddOn
	Webhook
	File
	Piece
	Event
	History
	Trail
	Import
	Idempotency
)

// Kinds of the system workspaces: the directory, and each region's own.
const (
	Person Kind = 64 + iota
	Workspace
	Membership
	Home
	Region
	APIKey
	Session
	Denial
	Grant
	Active
	Cursor
	Transfer
	Notice
)

// Key names a record within its workspace.
type Key struct {
	Kind Kind
	ID   ID
}

// String returns the kind's name and the id: "project 64c7…".
func (k Key) String() string { return k.Kind.String() + " " + k.ID.String() }

// String returns the kind's name, or "kind(99)" for a number without a row.
func (k Kind) String() string {
	if d, ok := Lookup(k); ok {
		return d.Name
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// ParseKind returns the kind of a name.
func ParseKind(name string) (Kind, bool) {
	for i := range definitions {
		if definitions[i].Name == name {
			return definitions[i].Kind, true
		}
	}
	return 0, false
}

// Kinds returns the rows of all kinds, in the order of their numbers. The rows
// are shared: they must not be changed.
func Kinds() []*Definition {
	all := make([]*Definition, len(definitions))
	for i := range definitions {
		all[i] = &definitions[i]
	}
	return all
}

// Lookup returns the row of a kind.
func Lookup(k Kind) (*Definition, bool) {
	if int(k) >= len(byNumber) || byNumber[k] == nil {
		return nil, false
	}
	return byNumber[k], true
}

// Find returns an index of a kind by its name, or nil.
func Find(kind Kind, index string) *Index {
	d, ok := Lookup(kind)
	if !ok {
		return nil
	}
	for i := range d.Indexes {
		if d.Indexes[i].Name == index {
			return &d.Indexes[i]
		}
	}
	return nil
}

// byNumber is the table by kind number; both are written once, before main.
var byNumber = func() []*Definition {
	last := definitions[len(definitions)-1].Kind
	rows := make([]*Definition, last+1)
	for i := range definitions {
		rows[definitions[i].Kind] = &definitions[i]
		definitions[i].compile()
	}
	return rows
}()
