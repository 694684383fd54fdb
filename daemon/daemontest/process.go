package daemontest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Process is one run of the command.
type Process struct {
	t     testing.TB
	name  string
	cmd   *exec.Cmd
	logs  string // file that stderr goes to
	begin int64  // where this run's part begins

	mu   sync.Mutex
	out  bytes.Buffer  // stdout so far; guarded by mu
	more chan struct{} // closed and replaced when out grew; guarded by mu
	end  bool          // stdout has ended; guarded by mu

	ended chan struct{} // closed when the process has ended; then code is set
	code  int
}

// Run starts the command with the arguments. Its stderr goes to a file in dir that is named for it; a test
// that fails shows the end of it. A process that is still there is killed at the test's end.
func Run(t testing.TB, dir, name string, args ...string) *Process {
	t.Helper()
	logs, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = logs.Close() }()
	begin, err := logs.Seek(0, io.SeekEnd)
	if err != nil {
		t.Fatal(err)
	}
	p := &Process{
		t: t, name: name, cmd: exec.Command(Build(t), args...), logs: logs.Name(), begin: begin,
		more: make(chan struct{}), ended: make(chan struct{}),
	}
	p.cmd.Stderr = logs
	p.cmd.Env = append(os.Environ(), "GOTRACEBACK=all")
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go p.read(out)
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("end of %s's log:\n%s", name, tail(p.log(), 40))
		}
	})
	return p
}

// read gathers stdout, then waits for the process.
func (p *Process) read(out io.Reader) {
	r := bufio.NewReader(out)
	for {
		line, err := r.ReadString('\n')
		p.mu.Lock()
		p.out.WriteString(line)
		p.end = err != nil
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
		if err != nil {
			break
		}
	}
	_ = p.cmd.Wait()
	p.code = p.cmd.ProcessState.ExitCode()
	close(p.ended)
}

// PID is the id of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Output is what the process has written to stdout.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// Logs is what all runs of this name have written to stderr.
func (p *Process) Logs() string {
	raw, err := os.ReadFile(p.logs)
	if err != nil {
		p.t.Error(err)
	}
	return string(raw)
}

// log is what this run has written to stderr.
func (p *Process) log() string {
	all := p.Logs()
	return all[min(p.begin, int64(len(all))):]
}

// WaitLine returns when the process has written a line; it ends the test if the process ends before.
func (p *Process) WaitLine(line string) {
	p.t.Helper()
	late := deadline()
	defer late.Stop()
	for {
		p.mu.Lock()
		there, end, more := strings.Contains("\n"+p.out.String(), "\n"+line+"\n"), p.end, p.more
		p.mu.Unlock()
		switch {
		case there:
			return
		case end:
			p.t.Fatalf("%s ended without writing %q; its log ends:\n%s", p.name, line, tail(p.Logs(), 20))
		}
		select {
		case <-more:
		case <-late.C:
			p.t.Fatalf("%s did not write %q within %s", p.name, line, patience)
		}
	}
}

// Running says whether the process has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Signal sends a signal; a process that has ended does not mind.
func (p *Process) Signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("signal %s: %v", p.name, err)
	}
}

// Kill ends the process with SIGKILL and waits until it is gone.
func (p *Process) Kill() {
	p.t.Helper()
	p.Signal(syscall.SIGKILL)
	<-p.ended
}

// Stop asks for an orderly end by SIGTERM and returns the exit code.
func (p *Process) Stop() int {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	return p.Wait()
}

// Wait waits for the end of the process and returns the exit code, -1 if a signal ended it.
func (p *Process) Wait() int {
	p.t.Helper()
	late := deadline()
	defer late.Stop()
	select {
	case <-p.ended:
		return p.code
	case <-late.C:
		p.Signal(syscall.SIGQUIT) // writes where every goroutine is
		<-p.ended
		p.t.Fatalf("%s did not end within %s; its log ends:\n%s", p.name, patience, tail(p.Logs(), 200))
		return -1
	}
}

// Command runs the command to its end and returns exit code, stdout and stderr.
func Command(t testing.TB, args ...string) (code int, out, logs string) {
	t.Helper()
	p := Run(t, t.TempDir(), "command", args...)
	code = p.Wait()
	return code, p.Output(), p.Logs()
}

// MustCommand runs the command and ends the test unless it exits with 0.
func MustCommand(t testing.TB, args ...string) {
	t.Helper()
	if code, out, logs := Command(t, args...); code != 0 {
		t.Fatal(fmt.Errorf("domicile %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, logs))
	}
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
