package record

// Definition is a kind's row.
type Definition struct {
	Kind     Kind
	Name     string
	Class    Class
	Indexes  []Index
	Refs     []Reference   // checked when written, by the condition "exists"
	Search   []SearchField // words of these fields find the record
	Facets   []Facet       // ids and dates that a search filters and counts by
	Derived  []string      // top-level fields of the API's shape that are not stored
	Children []Child       // swept in the background after this record is deleted

	sources []source // made by compile
}

// Class says why a kind may rest where it rests.
type Class uint8

// Regional records rest in their workspace's region only. The other classes
// are the items of requirement R6 that may rest in the directory, and
// Operational: what a region needs to sign people in and to follow the
// directory, which stays in that region's own system workspace.
const (
	Regional Class = 1 + iota
	Profile
	Organisation
	SystemID
	Metrics
	Operational
)

// String returns the class's name.
func (c Class) String() string {
	switch c {
	case Regional:
		return "regional"
	case Profile:
		return "profile"
	case Organisation:
		return "organisation"
	case SystemID:
		return "system-id"
	case Metrics:
		return "metrics"
	case Operational:
		return "operational"
	}
	return "class(?)"
}

// Index is a secondary index of a kind. Its number is unique within the kind.
type Index struct {
	Number uint16
	Name   string
	Fields []Field
	Unique bool

	kind *Definition // made by compile
}

// Field is one value of an index: a path into the document and its type. With
// Each the path leads to an array and every element gives a key of its own.
type Field struct {
	Path string
	Type FieldType
	Desc bool // newest or largest first; integers, times and truth values only
	Each bool

	source int // into the kind's sources; made by compile
}

// FieldType says how a field's value is read and encoded.
type FieldType uint8

// The types of indexed values.
const (
	Text   FieldType = 1 + iota // a string, byte by byte
	Folded                      // a string, NFC and lower case
	Int                         // a whole number of 64 bits
	Time                        // an RFC 3339 string, as milliseconds
	Bool
	Ref  // an id of 24 hex digits
	Null // there exactly if the value is null or missing
)

// Reference says that a field holds the id of a record of another kind. With Each it
// holds an array of them.
type Reference struct {
	Path string
	Kind Kind
	Each bool
}

// SearchField is a field whose words find the record. With Each the path leads
// to an array of strings.
type SearchField struct {
	Path, Name string
	Each       bool
}

// Facet is an id or a date that a search filters by.
type Facet struct {
	Path, Name string
	Type       FieldType
	Each       bool
}

// Child names the records that go with a deleted one: those of Kind whose
// Index has the deleted record's id as its first value.
type Child struct {
	Kind  Kind
	Index string
}

// String returns the type's name.
func (t FieldType) String() string {
	names := [...]string{"?", "text", "folded", "int", "time", "bool", "ref", "null"}
	if int(t) < len(names) {
		return names[t]
	}
	return names[0]
}
