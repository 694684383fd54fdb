package directory

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Argon2id with OWASP's parameters: 19 MiB, two passes, one lane. A hash names its own, so they can be
// raised later without touching old ones.
const (
	argonMemory = 19 * 1024 // KiB
	argonTime   = 2
	argonLanes  = 1
	argonKey    = 32
	argonSalt   = 16

	// The most that a stored hash may ask for: a damaged or hostile one must not take the node's memory.
	argonMaxMemory = 256 * 1024
	argonMaxTime   = 16
)

const (
	minPassword = 8
	maxPassword = 1024
)

// HashPassword makes the hash of a new password, for NewPerson and PersonChange. It takes tens of
// milliseconds and 19 MiB. *Invalid if the password is shorter than 8 or longer than 1,024 bytes.
func HashPassword(password string) (string, error) {
	if len(password) < minPassword || len(password) > maxPassword {
		return "", &Invalid{"password", fmt.Sprintf("must have %d to %d bytes", minPassword, maxPassword)}
	}
	salt := make([]byte, argonSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("make salt: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, argonKey)
	return formatHash(argonMemory, argonTime, argonLanes, salt, key), nil
}

func formatHash(memory, time uint32, lanes uint8, salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, time, lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// CheckHash reports whether the password is that of the hash. A hash that is empty or damaged costs the
// same time as a wrong password, so the time tells nobody whether a person exists.
func CheckHash(hash, password string) bool {
	memory, time, lanes, salt, want, err := parseHash(hash)
	if err != nil {
		memory, time, lanes, salt, want = argonMemory, argonTime, argonLanes, make([]byte, argonSalt), nil
	}
	if len(password) > maxPassword {
		password = password[:maxPassword+1] // longer than any that was ever set
	}
	got := argon2.IDKey([]byte(password), salt, time, memory, lanes, argonKey)
	return subtle.ConstantTimeCompare(got, want) == 1
}

// Fingerprint tells one stored hash from another without saying anything about it: sessions carry it, so that
// a new password ends them.
func Fingerprint(hash string) string {
	sum := sha256.Sum256([]byte("domicile credential\x00" + hash))
	return hex.EncodeToString(sum[:8])
}

// checkHashForm refuses what is no hash of ours, so that a clear password cannot be stored by mistake.
func checkHashForm(hash string) error {
	if _, _, _, _, _, err := parseHash(hash); err != nil {
		return &Invalid{"passwordHash", "is not an argon2id hash"}
	}
	return nil
}

func parseHash(hash string) (memory, time uint32, lanes uint8, salt, key []byte, err error) {
	bad := func() (uint32, uint32, uint8, []byte, []byte, error) {
		return 0, 0, 0, nil, nil, fmt.Errorf("bad password hash")
	}
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return bad()
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &lanes); err != nil || n != 3 {
		return bad()
	}
	if parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", memory, time, lanes) {
		return bad()
	}
	if memory < 8 || memory > argonMaxMemory || time < 1 || time > argonMaxTime || lanes < 1 || lanes > 16 {
		return bad()
	}
	salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	if err != nil || len(salt) < 8 || len(salt) > 64 {
		return bad()
	}
	key, err = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err != nil || len(key) != argonKey {
		return bad()
	}
	return memory, time, lanes, salt, key, nil
}
