// Package store keeps one node's records in Pebble and says what changed.
package store
