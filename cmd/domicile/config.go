package main

import (
	"context"
	"fmt"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/cobra"

	"domicile/daemon"
)

func (a *app) configCommand() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Look at a node's configuration", Example: "  domicile config example > eu.yaml", RunE: group}
	c.AddCommand(a.configCheckCommand(), a.configShowCommand(), &cobra.Command{
		Use:     "example",
		Short:   "Print a configuration with every key explained",
		Example: "  domicile config example > eu.yaml",
		Args:    cobra.NoArgs,
		RunE: a.run(func(context.Context, []string) error {
			_, err := fmt.Fprint(a.out, daemon.ExampleConfig())
			return err
		}),
	})
	return c
}

func (a *app) configCheckCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:     "check",
		Short:   "Say what is wrong with a configuration, or what it would do",
		Example: "  domicile config check --config /etc/domicile/eu.yaml",
		Args:    cobra.NoArgs,
		RunE: a.run(func(context.Context, []string) error {
			cfg, err := a.load(path)
			if err != nil {
				return err
			}
			if err := cfg.CheckFiles(); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "%s is right: node %s of cell %s in region %s\n"+
				"  keeps its data in %s\n  serves the API on %s, other nodes on %s, operators on %s\n",
				path, cfg.Node, cfg.Cell, cfg.Region, cfg.Data, cfg.Public.Listen, cfg.Internal.Listen, cfg.Operator.Socket)
			return err
		}),
	}
	configFlag(c, &path)
	return c
}

func (a *app) configShowCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:     "show",
		Short:   "Print the configuration in force: defaults, file, environment",
		Example: "  domicile config show --config /etc/domicile/eu.yaml --json",
		Args:    cobra.NoArgs,
		RunE: a.run(func(context.Context, []string) error {
			cfg, err := a.load(path)
			if err != nil {
				return err
			}
			return a.showConfig(cfg)
		}),
	}
	configFlag(c, &path)
	return a.jsonFlag(c)
}

func configFlag(c *cobra.Command, path *string) {
	c.Flags().StringVar(path, "config", "", "the node's YAML file")
}

// load reads a configuration; DOMICILE_CONFIG_… variables alone may be one.
func (a *app) load(path string) (daemon.Config, error) {
	return daemon.LoadConfig(path, a.environ)
}

func (a *app) showConfig(cfg daemon.Config) error {
	k := koanf.New(".")
	if err := k.Load(structs.Provider(cfg, "koanf"), nil); err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	if a.json {
		return a.printJSON(k.Raw())
	}
	text, err := k.Marshal(yaml.Parser())
	if err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	_, err = a.out.Write(text)
	return err
}
