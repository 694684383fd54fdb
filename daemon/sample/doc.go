// Package sample makes the people and workspaces that `domicile dev` starts with.
//
// Make works through the same doors as everybody: the directory's service, each region's keys and
// transactions of its cell. Four workspaces show what there is to show: Acme (PRO, in global, with a year of
// work), Bolt (FREE, in global), Citrus (ENTERPRISE, in the EU) and Delta (PRO, in global), which shares a
// member with Citrus.
//
//	M1  The same call makes the same ids and documents, whenever and wherever.
//	M2  Interrupted at any point and called again, Make ends with the same result.
//	M3  Acme has a record of every kind that a workspace can have.
//
// Passwords are the same everywhere: these people are for trials on one's own machine.
package sample
