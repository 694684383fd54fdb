package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"domicile/daemon/directory"
	"domicile/daemon/sample"
)

// devSample makes the sample workspaces at the first start, and reads back what was made then at later ones.
func devSample(ctx context.Context, l DevLayout, daemons []*Daemon, o DevOptions) (sample.Result, error) {
	made := sample.Result{Users: []sample.User{}, Workspaces: []sample.Workspace{}}
	name := filepath.Join(l.Dir, sampleFile)
	raw, err := os.ReadFile(name)
	if err == nil {
		if err := json.Unmarshal(raw, &made); err != nil {
			return made, fmt.Errorf("read %s: %w", sampleFile, err)
		}
		return made, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return made, fmt.Errorf("read %s: %w", sampleFile, err)
	}
	if o.Empty {
		return made, nil
	}
	deps := sample.Deps{Directory: daemons[0].service, Regions: map[directory.Region]sample.Region{}}
	for _, d := range daemons {
		deps.Regions[directory.Region(d.config.Region)] = sample.Region{Cell: d.cell, Auth: d.auth, Mirrored: d.follower.Wait}
	}
	if made, err = sample.Make(ctx, deps); err != nil {
		return made, fmt.Errorf("make sample workspaces: %w", err)
	}
	if raw, err = json.MarshalIndent(made, "", "  "); err != nil {
		return made, fmt.Errorf("encode %s: %w", sampleFile, err)
	}
	return made, writeSynced(name, raw, 0o600)
}
