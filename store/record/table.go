package record

// definitions is the table of kinds, in the order of their numbers. Numbers of
// kinds and of indexes stand in keys: add rows at the end, never renumber, and
// never give a retired number to something else.
var definitions = []Definition{
	{
		Kind: TimeEntry, Name: "time_entry", Class: Regional,
		Indexes: []Index{
			{Number: 1, Name: "user_start", Fields: []Field{{Path: "userId", Type: Ref}, {Path: "timeInterval.start", Type: Time, Desc: true}}},
			{Number: 2, Name: "start", Fields: []Field{{Path: "timeInterval.start", Type: Time, Desc: true}}},
			{Number: 3, Name: "project_start", Fields: []Field{{Path: "projectId", Type: Ref}, {Path: "timeInterval.start", Type: Time, Desc: true}}},
			{Number: 4, Name: "task", Fields: []Field{{Path: "taskId", Type: Ref}}},
			{Number: 5, Name: "tag", Fields: []Field{{Path: "tagIds", Type: Ref, Each: true}}},
			{Number: 6, Name: "running", Fields: []Field{{Path: "userId", Type: Ref}, {Path: "timeInterval.end", Type: Null}}, Unique: true},
			{Number: 7, Name: "import", Fields: []Field{{Path: "importId", Type: Ref}}},
		},
		Refs:   []Reference{{"projectId", Project, false}, {"taskId", Task, false}, {"tagIds", Tag, true}},
		Search: []SearchField{{"description", "description", false}},
		Facets: []Facet{
			{"projectId", "project", Ref, false},
			{"taskId", "task", Ref, false},
			{"tagIds", "tag", Ref, true},
			{"userId", "user", Ref, false},
			{"timeInterval.start", "date", Time, false},
		},
		Derived: []string{"workspaceId", "project", "task", "tags", "user"},
	},
	{
		Kind: Project, Name: "project", Class: Regional,
		Indexes: []Index{
			{Number: 1, Name: "name", Fields: []Field{{Path: "clientId", Type: Text}, {Path: "name", Type: Folded}}, Unique: true},
			{Number: 2, Name: "by_name", Fields: []Field{{Path: "name", Type: Folded}}},
			{Number: 3, Name: "client", Fields: []Field{{Path: "clientId", Type: Text}}},
			{Number: 4, Name: "import", Fields: []Field{{Path: "importId", Type: Ref}}},
		},
		Refs:     []Reference{{"clientId", Client, false}},
		Search:   []SearchField{{"name", "name", false}, {"note", "note", false}},
		Facets:   []Facet{{"clientId", "client", Ref, false}},
		Derived:  []string{"workspaceId", "clientName", "duration", "tasks"},
		Children: []Child{{Task, "name"}},
	},
	{
		Kind: Client, Name: "client", Class: Regional,
		Indexes: []Index{
			{Number: 1, Name: "name", Fields: []Field{{Path: "name", Type: Folded}}, Unique: true},
			{Number: 2, Name: "import", Fields: []Field{{Path: "importId", Type: Ref}}},
		},
		Search:  []SearchField{{"name", "name", false}},
		Derived: []string{"workspaceId", "currencyCode"},
	},
	{
		Kind: Tag, Name: "tag", Class: Regional,
		Indexes: []Index{
			{Number: 1, Name: "name", Fields: []Field{{Path: "name", Type: Folded}}, Unique: true},
			{Number: 2, Name: "import", Fields: []Field{{Path: "importId", Type: Ref}}},
		},
		Search:  []SearchField{{"name", "name", false}},
		Derived: []string{"workspaceId"},
	},
	{
		Kind: Task, Name: "task", Class: Regional,
		Indexes: []Index{
			{Number: 1, Name: "name", Fields: []Field{{Path: "projectId", Type: Ref}, {Path: "name", Type: Folded}}, Unique: true},
			{Number: 2, Name: "import", Fields: []Field{{Path: "importId", Type: Ref}}},
		},
		Refs:    []Reference{{"projectId", Project, false}},
		Search:  []SearchField{{"name", "name", false}},
		Facets:  []Facet{{"projectId", "project", Ref, false}},
		Derived: []string{"workspaceId", "duration"},
	},
	{
		Kind: Member, Name: "member", Class: Regional,
		Indexes: []Index{{Number: 1, Name: "import", Fields: []Field{{Path: "importId", Type: Ref}}}},
	},
	{Kind: Settings, Name: "settings", Class: Regional},
	{Kind: CustomField, Name: "custom_field", Class: Regional, Derived: []string{"workspaceId"}},
	{Kind: UserGroup, Name: "user_group", Class: Regional, Derived: []string{"workspaceId"}},
	{
		Kind: Invoice, Name: "invoice", Class: Regional,
		Indexes: []Index{{Number: 1, Name: "number", Fields: []Field{{Path: "number", Type: Folded}}, Unique: true}},
		Refs:    []Reference{{"clientId", Client, false}},
		Search:  []SearchField{{"number", "number", false}, {"note", "note", false}, {"items.#.description", "item", true}},
		Facets:  []Facet{{"clientId", "client", Ref, false}, {"issuedDate", "date", Time, false}},
		Derived: []string{"workspaceId", "clientName", "amount", "balance"},
	},
	{
		Kind: Expense, Name: "expense", Class: Regional,
		Indexes: []Index{
			{Number: 1, Name: "user_date", Fields: []Field{{Path: "userId", Type: Ref}, {Path: "date", Type: Time, Desc: true}}},
		},
		Refs: []Reference{
			{"projectId", Project, false},
			{"taskId", Task, false},
			{"categoryId", ExpenseCategory, false},
			{"fileId", File, false},
		},
		Search: []SearchField{{"notes", "notes", false}},
		Facets: []Facet{
			{"projectId", "project", Ref, false},
			{"userId", "user", Ref, false},
			{"date", "date", Time, false},
		},
		Derived: []string{"workspaceId", "fileName"},
	},
	{Kind: ExpenseCategory, Name: "expense_category", Class: Regional, Derived: []string{"workspaceId"}},
	{
		Kind: Bucket, Name: "bucket", Class: Regional,
		Indexes:  []Index{{Number: 1, Name: "user", Fields: []Field{{Path: "userId", Type: Ref}}}},
		Children: []Child{{Activity, "bucket_time"}},
	},
	{
		Kind: Activity, Name: "activity", Class: Regional,
		Indexes: []Index{
			{Number: 1, Name: "bucket_time", Fields: []Field{{Path: "bucketId", Type: Ref}, {Path: "timestamp", Type: Time, Desc: true}}},
			{Number: 2, Name: "user_time", Fields: []Field{{Path: "userId", Type: Ref}, {Path: "timestamp", Type: Time, Desc: true}}},
		},
		Refs:   []Reference{{"bucketId", Bucket, false}},
		Search: []SearchField{{"data.app", "app", false}, {"data.title", "title", false}, {"data.url", "url", false}},
		Facets: []Facet{{"userId", "user", Ref, false}, {"timestamp", "date", Time, false}},
	},
	{Kind: AddOn, Name: "add_on", Class: Regional, Derived: []string{"workspaceId"}},
	{Kind: Webhook, Name: "webhook", Class: Regional, Derived: []string{"workspaceId"}},
	{Kind: File, Name: "file", Class: Regional, Derived: []string{"workspaceId"}, Children: []Child{{Piece, "file"}}},
	{
		Kind: Piece, Name: "piece", Class: Regional,
		Indexes: []Index{
			{Number: 1, Name: "file", Fields: []Field{{Path: "fileId", Type: Ref}, {Path: "number", Type: Int}}},
		},
	},
	{
		Kind: Event, Name: "event", Class: Regional,
		Indexes: []Index{{Number: 1, Name: "time", Fields: []Field{{Path: "at", Type: Time}}}},
	},
	{
		Kind: History, Name: "history", Class: Regional,
		Indexes: []Index{{Number: 1, Name: "time", Fields: []Field{{Path: "at", Type: Time, Desc: true}}}},
	},
	{
		Kind: Trail, Name: "trail", Class: Regional,
		Indexes: []Index{{Number: 1, Name: "time", Fields: []Field{{Path: "at", Type: Time, Desc: true}}}},
	},
	{
		Kind: Import, Name: "import", Class: Regional,
		Indexes: []Index{{Number: 1, Name: "hash", Fields: []Field{{Path: "hash", Type: Text}}, Unique: true}},
	},
	{
		Kind: Idempotency, Name: "idempotency", Class: Regional,
		Indexes: []Index{{Number: 1, Name: "expires", Fields: []Field{{Path: "expires", Type: Time}}}},
	},

	{
		Kind: Person, Name: "person", Class: Profile,
		Indexes: []Index{{Number: 1, Name: "email", Fields: []Field{{Path: "email", Type: Folded}}, Unique: true}},
	},
	{
		Kind: Workspace, Name: "workspace", Class: Organisation,
		Indexes: []Index{
			{Number: 1, Name: "subdomain", Fields: []Field{{Path: "subdomain", Type: Folded}}, Unique: true},
			{Number: 2, Name: "name", Fields: []Field{{Path: "name", Type: Folded}}},
		},
	},
	{
		Kind: Membership, Name: "membership", Class: Organisation,
		Indexes: []Index{
			{Number: 1, Name: "person", Fields: []Field{{Path: "personId", Type: Ref}}},
			{Number: 2, Name: "workspace", Fields: []Field{{Path: "workspaceId", Type: Ref}}},
		},
	},
	{
		Kind: Home, Name: "home", Class: SystemID,
		Indexes: []Index{{Number: 1, Name: "region", Fields: []Field{{Path: "region", Type: Text}}}},
	},
	{Kind: Region, Name: "region", Class: SystemID},
	{
		Kind: APIKey, Name: "key", Class: Operational,
		Indexes: []Index{
			{Number: 1, Name: "hash", Fields: []Field{{Path: "hash", Type: Text}}, Unique: true},
			{Number: 2, Name: "person", Fields: []Field{{Path: "personId", Type: Ref}}},
		},
	},
	{
		Kind: Session, Name: "session", Class: Operational,
		Indexes: []Index{
			{Number: 1, Name: "person", Fields: []Field{{Path: "personId", Type: Ref}}},
			{Number: 2, Name: "expires", Fields: []Field{{Path: "expires", Type: Time}}},
		},
	},
	{
		Kind: Denial, Name: "denial", Class: Operational,
		Indexes: []Index{
			{Number: 1, Name: "person", Fields: []Field{{Path: "personId", Type: Ref}}},
			{Number: 2, Name: "workspace", Fields: []Field{{Path: "workspaceId", Type: Ref}}},
		},
	},
	{
		Kind: Grant, Name: "grant", Class: Operational,
		Indexes: []Index{
			{Number: 1, Name: "hash", Fields: []Field{{Path: "hash", Type: Text}}},
			{Number: 2, Name: "person", Fields: []Field{{Path: "personId", Type: Ref}}},
		},
	},
	{Kind: Active, Name: "active", Class: Operational},
	{Kind: Cursor, Name: "cursor", Class: Operational},
	{Kind: Transfer, Name: "transfer", Class: Organisation},
	{
		Kind: Notice, Name: "notice", Class: Organisation,
		Indexes: []Index{{Number: 1, Name: "person", Fields: []Field{{Path: "personId", Type: Ref}}}},
	},
}
