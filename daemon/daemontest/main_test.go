package daemontest_test

import (
	"os"
	"testing"

	"domicile/daemon/daemontest"
)

func TestMain(m *testing.M) { os.Exit(daemontest.Main(m)) }
