package atrest

import (
	"errors"
	"fmt"

	zap "github.com/blevesearch/zapx/v17"

	"domicile/store/record"
)

// segment searches the terms of a segment of Bleve's. They are the keys of a transducer, which shares their
// beginnings and ends, so that few of them stand in the file as they are.
func (s *scan) segment(name, place string, ws record.ID) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("segment is damaged: %v", p)
		}
	}()
	segment, err := (&zap.ZapPlugin{}).Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, segment.Close()) }()
	for _, field := range segment.Fields() {
		dict, err := segment.Dictionary(field)
		if err != nil {
			return fmt.Errorf("terms of %s: %w", field, err)
		}
		terms := dict.AutomatonIterator(nil, nil, nil)
		for {
			e, err := terms.Next()
			if err != nil {
				return fmt.Errorf("terms of %s: %w", field, err)
			}
			if e == nil {
				break
			}
			s.look(place, "term", ws, []byte(e.Term))
		}
	}
	return nil
}
