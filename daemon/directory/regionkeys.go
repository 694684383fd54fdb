package directory

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"slices"

	"domicile/store"
	"domicile/store/record"
)

// PublishKey implements Service.
func (d *Directory) PublishKey(ctx context.Context, r Region, key []byte) (store.Revision, error) {
	if _, ok := d.o.Regions.Find(r); !ok {
		return 0, &UnknownRegion{Known: d.o.Regions.Names()}
	}
	if len(key) != ed25519.PublicKeySize {
		return 0, &Invalid{"key", "is not an ed25519 public key"}
	}
	id := RegionRecordID(r)
	return d.write(ctx, func(v *store.View, c *change) error {
		keys, _, err := read[RegionKeys](d.records, v, record.Region, id)
		switch {
		case errors.Is(err, ErrNotFound):
			keys = RegionKeys{ID: id, Region: r}
			c.require(store.Absent(record.Key{Kind: record.Region, ID: id}))
		case err != nil:
			return err
		case slices.ContainsFunc(keys.Keys, func(k PublicKey) bool { return bytes.Equal(k.Key, key) }):
			return nil
		default:
			if err := d.hold(v, c, record.Region, id); err != nil {
				return err
			}
		}
		keys.Keys = append(keys.Keys, PublicKey{Key: key, Since: d.now()})
		return c.put(record.Region, id, keys)
	})
}
