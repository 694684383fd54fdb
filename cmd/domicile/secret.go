package main

import (
	"fmt"
	"os"
	"strings"
)

// password reads a password from a file or the environment; "" leaves it to the server to make one.
func (a *app) password(file string) (string, error) {
	if file == "" {
		return a.env("DOMICILE_PASSWORD"), nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	password := strings.TrimRight(string(raw), "\r\n")
	if password == "" {
		return "", usage("%s is empty", file)
	}
	return password, nil
}
