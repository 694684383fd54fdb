package sample

import (
	"fmt"

	rules "domicile/daemon/workspace"
	"domicile/store/record"
)

var (
	clientNames  = []string{"Northwind", "Harbour & Sons", "Lumen", "Old Mill", "Quay Bank"}
	projectNames = []string{"Website", "Mobile app", "Warehouse", "Bookkeeping", "Research", "Support", "Onboarding", "Garden plan"}
	taskNames    = []string{"Design", "Build", "Test", "Meetings"}
	tagNames     = []string{"urgent", "on site", "remote", "overtime", "training", "follow-up"}
)

// catalog makes what entries are filed under.
func (c *contents) catalog() error {
	for i, name := range clientNames[:c.w.projects/2+1] {
		id := c.idOf(record.Client, i)
		d := rules.NewClientDocument(id, name)
		note := fmt.Sprintf("Client number %d", i+1)
		d.Note = &note
		if err := c.put(record.Client, id, d); err != nil {
			return err
		}
		c.clients = append(c.clients, id)
	}
	for i, name := range tagNames {
		id := c.idOf(record.Tag, i)
		if err := c.put(record.Tag, id, rules.TagDocument{ID: id, Name: name}); err != nil {
			return err
		}
		c.tags = append(c.tags, id)
	}
	for i, name := range projectNames[:c.w.projects] {
		if err := c.project(i, name); err != nil {
			return err
		}
	}
	return nil
}

func (c *contents) project(i int, name string) error {
	p := project{id: c.idOf(record.Project, i), rate: int64(6000 + 1000*(i%4))}
	d := rules.NewProjectDocument(p.id, name)
	d.ClientID, d.Note, d.Billable, d.Public = c.clients[i%len(c.clients)].String(), name+" for "+clientNames[i%len(c.clients)], i%3 != 2, i%4 != 3
	d.HourlyRate = &rules.Rate{Amount: p.rate, Currency: "USD"}
	d.TimeEstimate.Estimate, d.TimeEstimate.Type, d.TimeEstimate.Active = "PT400H", "MANUAL", true
	d.Estimate.Estimate, d.Estimate.Type = "PT400H", "MANUAL"
	for _, who := range c.w.people {
		d.Memberships = append(d.Memberships, rules.NewProjectMembership(p.id, who.id()))
	}
	if err := c.put(record.Project, p.id, d); err != nil {
		return err
	}
	for k, task := range taskNames {
		id := c.idOf(record.Task, i*len(taskNames)+k)
		t := rules.NewTaskDocument(id, p.id, task)
		t.Estimate, t.Billable = "PT100H", d.Billable
		if err := c.put(record.Task, id, t); err != nil {
			return err
		}
		p.tasks = append(p.tasks, id)
	}
	c.projects = append(c.projects, p)
	return nil
}
