package directory

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"domicile/store/record"
)

const (
	maxName      = 250 // characters of a person's or workspace's name
	maxEmail     = 254 // RFC 5321
	maxSubdomain = 63  // RFC 1035
)

// FoldEmail is the form in which two e-mail addresses are the same one.
func FoldEmail(email string) string {
	return record.Fold(strings.TrimSpace(email))
}

// CheckEmail refuses what cannot be an e-mail address: *Invalid.
func CheckEmail(email string) error {
	email = strings.TrimSpace(email)
	bad := func(reason string) error { return &Invalid{"email", reason} }
	if email == "" {
		return bad("is missing")
	}
	if len(email) > maxEmail {
		return bad("is longer than 254 bytes")
	}
	at := strings.LastIndexByte(email, '@')
	if at <= 0 || at == len(email)-1 || !utf8.ValidString(email) || strings.IndexFunc(email, notInEmail) >= 0 ||
		strings.HasPrefix(email[at+1:], ".") || strings.HasSuffix(email[at+1:], ".") {
		return bad("is not an e-mail address")
	}
	return nil
}

func notInEmail(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == '<' || r == '>' || r == ',' || r == ';' || r == '"'
}

// checkName refuses empty and overlong names, and those with control characters.
func checkName(field, name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return &Invalid{field, "is missing"}
	case !utf8.ValidString(name):
		return &Invalid{field, "is not UTF-8"}
	case utf8.RuneCountInString(name) > maxName:
		return &Invalid{field, fmt.Sprintf("is longer than %d characters", maxName)}
	case strings.IndexFunc(name, unicode.IsControl) >= 0:
		return &Invalid{field, "has a control character"}
	}
	return nil
}

func checkSubdomain(label string, regions Regions) error {
	bad := func(reason string) error { return &Invalid{"subdomain", reason} }
	if len(label) < 2 || len(label) > maxSubdomain {
		return bad("must have 2 to 63 characters")
	}
	if strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || label[0] == '-' || label[len(label)-1] == '-' {
		return bad("must be lower-case letters, digits and inner hyphens")
	}
	if _, _, taken := regions.ByHost(label + "." + regions.Domain()); taken {
		return bad("is a region's own name")
	}
	for _, reserved := range []string{"www", "app", "api", "global", "reports", "mail", "admin"} {
		if label == reserved {
			return bad("is reserved")
		}
	}
	return nil
}

func checkReason(code string) error {
	if len(code) > 64 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return &Invalid{"reason", "is a code of lower-case letters, digits and hyphens"}
	}
	return nil
}

// checkFields refuses a document with a field that the directory may not hold (D1).
func checkFields(kind record.Kind, doc []byte) error {
	allowed, ok := fields[kind]
	if !ok {
		return fmt.Errorf("%s is not a kind of the directory", kind)
	}
	var value any
	if err := json.Unmarshal(doc, &value); err != nil {
		return fmt.Errorf("decode %s: %w", kind, err)
	}
	return walkFields(kind, allowed, "", value)
}

func walkFields(kind record.Kind, allowed map[string]Item, path string, value any) error {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			if err := walkFields(kind, allowed, path, element); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, inner := range v {
			at := strings.TrimPrefix(path+"."+name, ".")
			if _, ok := allowed[at]; !ok {
				return fmt.Errorf("field %s of %s may not be in the directory", at, kind)
			}
			if err := walkFields(kind, allowed, at, inner); err != nil {
				return err
			}
		}
	}
	return nil
}
