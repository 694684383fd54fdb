package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"domicile/daemon/directory"
	"domicile/daemon/peer"
)

// ErrConfig means that the configuration is wrong; the text says where and what to do.
var ErrConfig = errors.New("configuration")

// Config is what one node needs to know. Its YAML form is ExampleConfig.
type Config struct {
	Region    string          `koanf:"region"`    // one of Regions
	Cell      string          `koanf:"cell"`      // the cell's name; empty: REGION-1
	Node      string          `koanf:"node"`      // the node's name; empty: a
	Data      string          `koanf:"data"`      // the data directory; nothing is written outside it
	Public    PublicConfig    `koanf:"public"`    // API
	Internal  InternalConfig  `koanf:"internal"`  // raft and internal calls
	Operator  OperatorConfig  `koanf:"operator"`  // unix socket
	Directory DirectoryConfig `koanf:"directory"` // where the directory is
	// Regions overrides addresses of the built-in regions, and adds new ones.
	Regions map[string]RegionConfig `koanf:"regions"`
	Secrets SecretsConfig           `koanf:"secrets"`
}

// PublicConfig is the listener for clients. Without a certificate it speaks plain HTTP, which is right only
// on a loopback address or behind a proxy on the same machine.
type PublicConfig struct {
	Listen string `koanf:"listen"` // host:port
	Cert   string `koanf:"cert"`   // PEM file, re-read when it changes
	Key    string `koanf:"key"`    // PEM file
}

// InternalConfig is the mutual-TLS port and the node's certificate (`domicile ca issue`).
type InternalConfig struct {
	Listen    string `koanf:"listen"`    // host:port
	Advertise string `koanf:"advertise"` // host:port under which others reach it; empty: Listen
	CA        string `koanf:"ca"`
	Cert      string `koanf:"cert"`
	Key       string `koanf:"key"`
}

// OperatorConfig is the unix socket for operators on this machine.
type OperatorConfig struct {
	Socket string `koanf:"socket"` // empty: DATA/operator.sock
}

// DirectoryConfig says where the directory is reached: internal addresses of nodes of global's first cell.
// In the global region itself it stays empty.
type DirectoryConfig struct {
	Peers []string `koanf:"peers"`
}

// RegionConfig overrides one region's row.
type RegionConfig struct {
	Country    string   `koanf:"country"`
	BaseURL    string   `koanf:"baseUrl"`    // core API, with /api/v1
	ReportsURL string   `koanf:"reportsUrl"` // reports API, with /v1
	Hosts      []string `koanf:"hosts"`      // further host names that mean this region
}

// SecretsConfig names files with secrets, mode 0600.
type SecretsConfig struct {
	Signing string `koanf:"signing"` // the region's Ed25519 key; empty: DATA/keys/signing.pem
}

const envPrefix = "DOMICILE_CONFIG_"

// LoadConfig reads a YAML file, then DOMICILE_CONFIG_… variables of environ (KEY=VALUE; a double underscore
// stands for a dot, so DOMICILE_CONFIG_PUBLIC__LISTEN is public.listen), and fills in defaults. Unknown keys
// are errors. An empty path reads the environment only.
func LoadConfig(path string, environ []string) (Config, error) {
	k := koanf.New(".")
	if path != "" {
		if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
			return Config{}, fmt.Errorf("%w: read %s: %w", ErrConfig, path, err)
		}
	}
	from := env.Provider(".", env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(key, value string) (string, any) {
			key = strings.ReplaceAll(strings.TrimPrefix(key, envPrefix), "__", ".")
			return configKey(key), value
		},
	})
	if err := k.Load(from, nil); err != nil {
		return Config{}, fmt.Errorf("%w: read the environment: %w", ErrConfig, err)
	}
	return decodeConfig(k)
}

// configKey finds the spelling of a key that the environment shouts.
func configKey(key string) string {
	key = strings.ToLower(key)
	for _, known := range []string{"baseUrl", "reportsUrl"} {
		if strings.HasSuffix(key, "."+strings.ToLower(known)) {
			return key[:len(key)-len(known)] + known
		}
	}
	return key
}

func decodeConfig(k *koanf.Koanf) (Config, error) {
	for _, key := range k.Keys() {
		if !knownKey(key) {
			return Config{}, fmt.Errorf("%w: unknown key %q; `domicile config example` shows all keys", ErrConfig, key)
		}
	}
	// Lists come from the environment as text.
	for _, list := range []string{"directory.peers"} {
		if text, ok := k.Get(list).(string); ok {
			_ = k.Load(confmap.Provider(map[string]any{list: strings.Split(text, ",")}, "."), nil)
		}
	}
	var c Config
	if err := k.Unmarshal("", &c); err != nil {
		return Config{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	c.fill()
	return c, c.Check()
}

func knownKey(key string) bool {
	parts := strings.Split(key, ".")
	if parts[0] == "regions" && len(parts) == 3 {
		return oneOf(parts[2], "country", "baseUrl", "reportsUrl", "hosts")
	}
	return oneOf(key, "region", "cell", "node", "data", "public.listen", "public.cert", "public.key",
		"internal.listen", "internal.advertise", "internal.ca", "internal.cert", "internal.key",
		"operator.socket", "directory.peers", "secrets.signing")
}

func oneOf(s string, all ...string) bool {
	for _, a := range all {
		if s == a {
			return true
		}
	}
	return false
}

func (c *Config) fill() {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	set(&c.Cell, c.Region+"-1")
	set(&c.Node, "a")
	set(&c.Public.Listen, "127.0.0.1:7700")
	set(&c.Internal.Listen, "127.0.0.1:7710")
	set(&c.Internal.Advertise, c.Internal.Listen)
	if c.Data != "" {
		set(&c.Operator.Socket, filepath.Join(c.Data, "operator.sock"))
		set(&c.Secrets.Signing, filepath.Join(c.Data, "keys", "signing.pem"))
	}
}

// Check says what is wrong with the configuration, without touching anything.
func (c Config) Check() error {
	regions, err := c.regions()
	if err != nil {
		return err
	}
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...)
	}
	if _, ok := regions.Find(directory.Region(c.Region)); !ok {
		return bad("region %q is unknown; use one of %s", c.Region, strings.Join(regions.Names(), ", "))
	}
	if err := c.identity().Check(); err != nil {
		return bad("%w", err)
	}
	if c.Data == "" {
		return bad("data is missing: the directory for this node's data")
	}
	for _, a := range []struct{ key, address string }{
		{"public.listen", c.Public.Listen}, {"internal.listen", c.Internal.Listen}, {"internal.advertise", c.Internal.Advertise},
	} {
		if _, _, err := net.SplitHostPort(a.address); err != nil {
			return bad("%s %q: use HOST:PORT", a.key, a.address)
		}
	}
	if (c.Public.Cert == "") != (c.Public.Key == "") {
		return bad("public.cert and public.key go together")
	}
	for _, f := range []struct{ key, name string }{
		{"internal.ca", c.Internal.CA}, {"internal.cert", c.Internal.Cert}, {"internal.key", c.Internal.Key},
	} {
		if f.name == "" {
			return bad("%s is missing; `domicile ca issue` makes the three files", f.key)
		}
	}
	if directory.Region(c.Region) != directory.Global && len(c.Directory.Peers) == 0 {
		return bad("directory.peers is missing: the internal addresses of the global region's nodes")
	}
	return nil
}

// CheckFiles looks at the files that the configuration names.
func (c Config) CheckFiles() error {
	for _, name := range []string{c.Internal.CA, c.Internal.Cert, c.Internal.Key, c.Public.Cert, c.Public.Key} {
		if name == "" {
			continue
		}
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %s does not exist", ErrConfig, name)
		} else if err != nil {
			return fmt.Errorf("%w: %w", ErrConfig, err)
		}
	}
	return nil
}

// regions is the table of regions with this configuration's rows.
func (c Config) regions() (directory.Regions, error) {
	var rows []directory.Place
	for name, r := range c.Regions {
		rows = append(rows, directory.Place{
			Region: directory.Region(name), Country: r.Country,
			BaseURL: r.BaseURL, ReportsURL: r.ReportsURL, Hosts: r.Hosts,
		})
	}
	slices.SortFunc(rows, func(a, b directory.Place) int { return strings.Compare(string(a.Region), string(b.Region)) })
	table, err := directory.DefaultRegions("").With(rows...)
	if err != nil {
		return table, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return table, nil
}

func (c Config) identity() peer.Identity {
	return peer.Identity{Region: c.Region, Cell: c.Cell, Node: c.Node}
}

// ExampleConfig is a commented configuration of one node.
func ExampleConfig() string {
	return `# One node of the EU region. Unknown keys are errors.
# Every key can be set by environment too: DOMICILE_CONFIG_PUBLIC__LISTEN=0.0.0.0:443
region: eu
cell: eu-1                  # default: REGION-1
node: a                     # default: a
data: /var/lib/domicile     # nothing is written outside it

public:
  listen: 0.0.0.0:443
  cert: /etc/domicile/public.pem      # re-read when it changes; without it plain HTTP
  key: /etc/domicile/public.key

internal:                   # raft and internal calls, mutual TLS
  listen: 0.0.0.0:7710
  advertise: eu-a.internal.example:7710
  ca: /etc/domicile/ca.pem            # these three from: domicile ca issue
  cert: /etc/domicile/node.pem
  key: /etc/domicile/node.key

operator:
  socket: /var/lib/domicile/operator.sock

directory:
  peers: [global-a.internal.example:7710]   # left out in the global region

regions:                    # only what differs from the built-in rows
  eu:
    baseUrl: https://euc1.clockify.me/api/v1
    reportsUrl: https://euc1.clockify.me/report/v1

secrets:
  signing: /var/lib/domicile/keys/signing.pem
`
}
