package record

// definitions is the table of kinds, in the order of their numbers. Numbers of
// kinds and of indexes stand in keys: add rows at the end, never renumber, and
// never give a retired number to something else.
var definitions = []Definition{
	{
		Kind: TimeEntry, Name: "time_entry", Class: Regional,
		Indexes: []Index{
			{1, "user_start", []Field{{Path: "userId", Type: Ref}, {Path: "timeInterval.start", Type: Time, Desc: true}}, false},
			{2, "start", []Field{{Path: "timeInterval.start", Type: Time, Desc: true}}, false},
			{3, "project_start", []Field{{Path: "projectId", Type: Ref}, {Path: "timeInterval.start", Type: Time, Desc: true}}, false},
			{4, "task", []Field{{Path: "taskId", Type: Ref}}, false},
			{5, "tag", []Field{{Path: "tagIds", Type: Ref, Each: true}}, false},
			{6, "running", []Field{{Path: "userId", Type: Ref}, {Path: "timeInterval.end", Type: Null}}, true},
			{7, "import", []Field{{Path: "importId", Type: Ref}}, false},
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
			{1, "name", []Field{{Path: "clientId", Type: Text}, {Path: "name", Type: Folded}}, true},
			{2, "by_name", []Field{{Path: "name", Type: Folded}}, false},
			{3, "client", []Field{{Path: "clientId", Type: Text}}, false},
			{4, "import", []Field{{Path: "importId", Type: Ref}}, false},
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
			{1, "name", []Field{{Path: "name", Type: Folded}}, true},
			{2, "import", []Field{{Path: "importId", Type: Ref}}, false},
		},
		Search:  []SearchField{{"name", "name", false}},
		Derived: []string{"workspaceId", "currencyCode"},
	},
	{
		Kind: Tag, Name: "tag", Class: Regional,
		Indexes: []Index{
			{1, "name", []Field{{Path: "name", Type: Folded}}, true},
			{2, "import", []Field{{Path: "importId", Type: Ref}}, false},
		},
		Search:  []SearchField{{"name", "name", false}},
		Derived: []string{"workspaceId"},
	},
	{
		Kind: Task, Name: "task", Class: Regional,
		Indexes: []Index{
			{1, "name", []Field{{Path: "projectId", Type: Ref}, {Path: "name", Type: Folded}}, true},
			{2, "import", []Field{{Path: "importId", Type: Ref}}, false},
		},
		Refs:    []Reference{{"projectId", Project, false}},
		Search:  []SearchField{{"name", "name", false}},
		Facets:  []Facet{{"projectId", "project", Ref, false}},
		Derived: []string{"workspaceId", "duration"},
	},
	{
		Kind: Member, Name: "member", Class: Regional,
		Indexes: []Index{{1, "import", []Field{{Path: "importId", Type: Ref}}, false}},
	},
	{Kind: Settings, Name: "settings", Class: Regional},
	{Kind: CustomField, Name: "custom_field", Class: Regional, Derived: []string{"workspaceId"}},
	{Kind: UserGroup, Name: "user_group", Class: Regional, Derived: []string{"workspaceId"}},
	{
		Kind: Invoice, Name: "invoice", Class: Regional,
		Indexes: []Index{{1, "number", []Field{{Path: "number", Type: Folded}}, true}},
		Refs:    []Reference{{"clientId", Client, false}},
		Search:  []SearchField{{"number", "number", false}, {"note", "note", false}, {"items.#.description", "item", true}},
		Facets:  []Facet{{"clientId", "client", Ref, false}, {"issuedDate", "date", Time, false}},
		Derived: []string{"workspaceId", "clientName", "amount", "balance"},
	},
	{
		Kind: Expense, Name: "expense", Class: Regional,
		Indexes: []Index{
			{1, "user_date", []Field{{Path: "userId", Type: Ref}, {Path: "date", Type: Time, Desc: true}}, false},
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
		Indexes:  []Index{{1, "user", []Field{{Path: "userId", Type: Ref}}, false}},
		Children: []Child{{Activity, "bucket_time"}},
	},
	{
		Kind: Activity, Name: "activity", Class: Regional,
		Indexes: []Index{
			{1, "bucket_time", []Field{{Path: "bucketId", Type: Ref}, {Path: "timestamp", Type: Time, Desc: true}}, false},
			{2, "user_time", []Field{{Path: "userId", Type: Ref}, {Path: "timestamp", Type: Time, Desc: true}}, false},
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
			{1, "file", []Field{{Path: "fileId", Type: Ref}, {Path: "number", Type: Int}}, false},
		},
	},
	{
		Kind: Event, Name: "event", Class: Regional,
		Indexes: []Index{{1, "time", []Field{{Path: "at", Type: Time}}, false}},
	},
	{
		Kind: History, Name: "history", Class: Regional,
		Indexes: []Index{{1, "time", []Field{{Path: "at", Type: Time, Desc: true}}, false}},
	},
	{
		Kind: Trail, Name: "trail", Class: Regional,
		Indexes: []Index{{1, "time", []Field{{Path: "at", Type: Time, Desc: true}}, false}},
	},
	{
		Kind: Import, Name: "import", Class: Regional,
		Indexes: []Index{{1, "hash", []Field{{Path: "hash", Type: Text}}, true}},
	},
	{
		Kind: Idempotency, Name: "idempotency", Class: Regional,
		Indexes: []Index{{1, "expires", []Field{{Path: "expires", Type: Time}}, false}},
	},

	{
		Kind: Person, Name: "person", Class: Profile,
		Indexes: []Index{{1, "email", []Field{{Path: "email", Type: Folded}}, true}},
	},
	{
		Kind: Workspace, Name: "workspace", Class: Organisation,
		Indexes: []Index{
			{1, "subdomain", []Field{{Path: "subdomain", Type: Folded}}, true},
			{2, "name", []Field{{Path: "name", Type: Folded}}, false},
		},
	},
	{
		Kind: Membership, Name: "membership", Class: Organisation,
		Indexes: []Index{
			{1, "person", []Field{{Path: "personId", Type: Ref}}, false},
			{2, "workspace", []Field{{Path: "workspaceId", Type: Ref}}, false},
		},
	},
	{
		Kind: Home, Name: "home", Class: SystemID,
		Indexes: []Index{{1, "region", []Field{{Path: "region", Type: Text}}, false}},
	},
	{Kind: Region, Name: "region", Class: SystemID},
	{
		Kind: APIKey, Name: "key", Class: Operational,
		Indexes: []Index{
			{1, "hash", []Field{{Path: "hash", Type: Text}}, true},
			{2, "person", []Field{{Path: "personId", Type: Ref}}, false},
		},
	},
	{
		Kind: Session, Name: "session", Class: Operational,
		Indexes: []Index{
			{1, "person", []Field{{Path: "personId", Type: Ref}}, false},
			{2, "expires", []Field{{Path: "expires", Type: Time}}, false},
		},
	},
	{
		Kind: Denial, Name: "denial", Class: Operational,
		Indexes: []Index{
			{1, "person", []Field{{Path: "personId", Type: Ref}}, false},
			{2, "workspace", []Field{{Path: "workspaceId", Type: Ref}}, false},
		},
	},
	{
		Kind: Grant, Name: "grant", Class: Operational,
		Indexes: []Index{
			{1, "hash", []Field{{Path: "hash", Type: Text}}, false},
			{2, "person", []Field{{Path: "personId", Type: Ref}}, false},
		},
	},
	{Kind: Active, Name: "active", Class: Operational},
	{Kind: Cursor, Name: "cursor", Class: Operational},
	{Kind: Transfer, Name: "transfer", Class: Organisation},
	{
		Kind: Notice, Name: "notice", Class: Organisation,
		Indexes: []Index{{1, "person", []Field{{Path: "personId", Type: Ref}}, false}},
	},
}
