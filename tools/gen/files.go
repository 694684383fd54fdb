package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// find names the files under the folders that match, relative to root, in order.
func find(root string, patterns ...string) ([]string, error) {
	var found []string
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // the folder has not come into being
			}
			if err != nil || d.IsDir() {
				return err
			}
			for _, p := range patterns {
				if ok, _ := filepath.Match(p, d.Name()); ok {
					rel, err := filepath.Rel(root, path)
					if err != nil {
						return err
					}
					found = append(found, filepath.ToSlash(rel))
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look for definitions in %s: %w", folder, err)
		}
	}
	slices.Sort(found)
	return found, nil
}

// compare names the files that differ from what is wanted, those that nothing makes any more included.
func compare(root string, want map[string]string) ([]string, error) {
	have, err := find(root, "*.pb.go", "*.connect.go")
	if err != nil {
		return nil, err
	}
	var stale []string
	for _, name := range have {
		if _, ok := want[name]; !ok {
			stale = append(stale, name)
		}
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if string(got) != text {
			stale = append(stale, name)
		}
	}
	slices.Sort(stale)
	return stale, nil
}

// write makes the stale files what they should be; one that nothing makes any more is removed.
func write(root string, want map[string]string, stale []string) error {
	for _, name := range stale {
		path := filepath.Join(root, name)
		text, ok := want[name]
		if !ok {
			fmt.Println("removed", name)
			if err := os.Remove(path); err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
		fmt.Println("wrote", name)
	}
	return nil
}

// inRepository is the path below the module's root of a file that a plugin named by import path.
func inRepository(name string) (string, error) {
	rel, ok := strings.CutPrefix(name, "domicile/")
	if !ok {
		return "", fmt.Errorf("generated file %s is outside the module: set go_package to domicile/<folder>", name)
	}
	return rel, nil
}
