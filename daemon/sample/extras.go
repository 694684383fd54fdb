package sample

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	rules "domicile/daemon/workspace"
	"domicile/store/record"
)

// money makes expenses with their categories, and invoices.
func (c *contents) money() error {
	for i, name := range []string{"Travel", "Meals", "Equipment", "Software"} {
		id := c.idOf(record.ExpenseCategory, i)
		err := c.put(record.ExpenseCategory, id, doc{
			"id": id, "name": name, "archived": false, "hasUnitPrice": i == 0, "unit": map[bool]string{true: "km", false: ""}[i == 0], "priceInCents": map[bool]int{true: 42, false: 0}[i == 0],
		})
		if err != nil {
			return err
		}
		c.categories = append(c.categories, id)
	}
	if err := c.receipts(); err != nil {
		return err
	}
	for i := range 40 {
		id, p := c.idOf(record.Expense, i), of(c, c.projects)
		d := doc{
			"id": id, "userId": of(c, c.w.people).id(), "projectId": p.id, "taskId": nil, "categoryId": of(c, c.categories), "fileId": nil,
			"date": rules.Instant(c.day(1 + c.random.IntN(360))), "notes": fmt.Sprintf("Receipt %d, %s", i+1, of(c, objects)),
			"billable": i%2 == 0, "locked": false, "quantity": 1, "total": 100 * (5 + c.random.IntN(400)),
		}
		if i < len(c.files) {
			d["fileId"] = c.files[i]
		}
		if err := c.put(record.Expense, id, d); err != nil {
			return err
		}
	}
	for i := range 12 {
		id, issued := c.idOf(record.Invoice, i), c.day(365-30*i)
		err := c.put(record.Invoice, id, doc{
			"id": id, "number": fmt.Sprintf("INV-%04d", i+1), "clientId": c.clients[i%len(c.clients)], "currency": "USD",
			"issuedDate": rules.Instant(issued), "dueDate": rules.Instant(issued.AddDate(0, 0, 14)), "status": of(c, []string{"UNSENT", "SENT", "PAID"}),
			"note": "Thank you for your order", "subject": fmt.Sprintf("Work of month %d", i+1), "paid": 0, "discount": 0, "tax": 1900, "tax2": 0,
			"items": []doc{
				{"order": 1, "description": of(c, verbs) + " " + of(c, objects), "quantity": 100 * (1 + c.random.IntN(40)), "unitPrice": 7500},
				{"order": 2, "description": "Travel", "quantity": 100, "unitPrice": 4200},
			},
			"payments": []doc{},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// pieceBytes is how much of a file a piece holds.
const pieceBytes = 128 << 10

// receipts makes files with their pieces.
func (c *contents) receipts() error {
	for i, size := range []int{900, pieceBytes + 5000} {
		content := make([]byte, size)
		for k := range content {
			content[k] = byte(c.random.IntN(256))
		}
		id, sum := c.idOf(record.File, i), sha256.Sum256(content)
		for n := 0; n*pieceBytes < size; n++ {
			piece := c.idOf(record.Piece, i*100+n)
			err := c.put(record.Piece, piece, doc{
				"id": piece, "fileId": id, "number": n, "data": base64.StdEncoding.EncodeToString(content[n*pieceBytes : min((n+1)*pieceBytes, size)]),
			})
			if err != nil {
				return err
			}
		}
		err := c.put(record.File, id, doc{
			"id": id, "name": fmt.Sprintf("receipt-%d.png", i+1), "type": "image/png", "size": size, "sha256": hex.EncodeToString(sum[:]),
			"userId": c.w.people[0].id(), "createdAt": rules.Instant(c.day(30)),
		})
		if err != nil {
			return err
		}
		c.files = append(c.files, id)
	}
	return nil
}

// paper makes custom fields and a group of users.
func (c *contents) paper() error {
	for i, name := range []string{"Cost centre", "Location"} {
		id := c.idOf(record.CustomField, i)
		err := c.put(record.CustomField, id, doc{
			"id": id, "name": name, "type": "TXT", "entityType": "TIMEENTRY", "status": "VISIBLE", "required": false, "onlyAdminCanEdit": false,
			"placeholder": "", "description": "", "allowedValues": []any{}, "workspaceDefaultValue": nil, "projectDefaultValues": []any{},
		})
		if err != nil {
			return err
		}
	}
	id := c.idOf(record.UserGroup, 0)
	members := make([]record.ID, 0, len(c.w.people))
	for _, p := range c.w.people[1:] {
		members = append(members, p.id())
	}
	return c.put(record.UserGroup, id, doc{"id": id, "name": "Team", "userIds": members, "teamManagers": []any{}})
}

var programs = []struct{ app, title, url string }{
	{"editor", "landing.html - Website", ""},
	{"browser", "Stock list - Warehouse", "https://intranet.acme.example/stock"},
	{"browser", "Release notes", "https://docs.acme.example/release"},
	{"mail", "Inbox", ""},
	{"terminal", "make test", ""},
	{"spreadsheet", "Quarterly report.ods", ""},
}

// activity makes buckets of auto-tracked programs, of two people.
func (c *contents) activity() error {
	for i, who := range c.w.people[1:3] {
		bucket := c.idOf(record.Bucket, i)
		name := "aw-watcher-window_" + who.first() + "-laptop"
		err := c.put(record.Bucket, bucket, doc{
			"id": bucket, "bucket": name, "type": "currentwindow", "client": "aw-watcher-window", "hostname": who.first() + "-laptop",
			"userId": who.id(), "created": rules.Instant(c.day(30)),
		})
		if err != nil {
			return err
		}
		at := c.day(5).Add(8 * time.Hour)
		for n := range 250 {
			p, took := of(c, programs), 20+c.random.IntN(500)
			data := doc{"app": p.app, "title": p.title}
			if p.url != "" {
				data["url"] = p.url
			}
			id := c.idOf(record.Activity, i*1000+n)
			err := c.put(record.Activity, id, doc{
				"id": id, "bucketId": bucket, "userId": who.id(), "timestamp": rules.Instant(at), "duration": took, "data": data,
			})
			if err != nil {
				return err
			}
			at = at.Add(time.Duration(took+c.random.IntN(90)) * time.Second)
		}
	}
	return nil
}

// machinery makes one or a few of what the system keeps for itself and for other programs.
func (c *contents) machinery() error {
	owner, at := c.w.people[0].id(), rules.Instant(c.day(1))
	id := func(kind record.Kind) record.ID { return c.idOf(kind, 0) }
	hash := sha256.Sum256([]byte("sample file of " + c.w.name))
	request := sha256.Sum256([]byte("sample request of " + c.w.name))
	for _, one := range []struct {
		kind record.Kind
		doc  doc
	}{
		{record.AddOn, doc{
			"id": id(record.AddOn), "key": "weekly-mood", "name": "Weekly mood", "baseUrl": "https://mood.acme.example", "status": "ACTIVE",
			"scopes": []string{"TIME_ENTRY_READ"}, "installedBy": owner, "installedAt": at,
		}},
		{record.Webhook, doc{
			"id": id(record.Webhook), "name": "New entries", "url": "https://hooks.acme.example/entries", "webhookEvent": "NEW_TIME_ENTRY",
			"triggerSourceType": "WORKSPACE_ID", "triggerSource": []record.ID{c.w.id()}, "enabled": false, "userId": owner,
		}},
		{record.Event, doc{
			"id": id(record.Event), "at": at, "kind": "NEW_PROJECT", "subject": c.projects[0].id, "document": doc{"id": c.projects[0].id, "name": projectNames[0]},
		}},
		{record.History, doc{
			"id": id(record.History), "at": at, "actor": owner, "code": "project.create", "subject": c.projects[0].id,
		}},
		{record.Trail, doc{
			"id": id(record.Trail), "at": at, "actor": doc{"kind": "system"}, "code": "workspace.create", "subjects": []record.ID{c.w.id(), owner},
		}},
		{record.Import, doc{
			"id": id(record.Import), "format": "clockify-csv", "state": "DONE", "fileHash": hex.EncodeToString(hash[:]), "hash": hex.EncodeToString(hash[:]),
			"bytes": 0, "dateFormat": "YYYY-MM-DD", "timeFormat": "24h", "timeZone": "UTC", "startedBy": owner, "startedAt": at, "endedAt": at,
			"rows": 0, "rowsDone": 0, "seconds": 0, "people": 0,
			"made": doc{"entries": 0, "projects": 0, "clients": 0, "tags": 0, "tasks": 0, "people": 0},
		}},
		{record.Idempotency, doc{
			"id": id(record.Idempotency), "hash": hex.EncodeToString(request[:]), "expires": rules.Instant(c.end.AddDate(1, 0, 0)), "made": []string{c.projects[0].id.String()},
		}},
	} {
		if err := c.put(one.kind, id(one.kind), one.doc); err != nil {
			return err
		}
	}
	return nil
}
