package plugins

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// stopLimit is how long a plugin may take to end by itself. The engine gives it five seconds.
const stopLimit = 2 * time.Second

// maxMessage is Pulumi's own limit on messages.
const maxMessage = 400 << 20

// process is a plugin that runs.
type process struct {
	cmd    *exec.Cmd
	conn   *grpc.ClientConn
	said   tail
	exited chan struct{}
}

// launch starts a plugin and connects to it: it prints the port that it listens on. Its one argument is the address of the engine.
// https://pulumi-developer-docs.readthedocs.io/latest/docs/architecture/providers/README.html
func launch(ctx context.Context, program Program, env []string, engine string) (*process, error) {
	p := &process{cmd: exec.Command(program.File, engine), exited: make(chan struct{})}
	p.cmd.Env, p.cmd.Stderr = env, &p.said
	tie(p.cmd)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("connecting to its output: %w", err)
	}
	if err := begin(p.cmd); err != nil {
		return nil, fmt.Errorf("it can't be started: %w", err)
	}
	port := make(chan int, 1)
	go func() {
		reader := bufio.NewReader(out)
		line, _ := reader.ReadString('\n')
		n, _ := strconv.Atoi(strings.TrimSpace(line))
		port <- n
		_, _ = io.Copy(io.Discard, reader)
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	select {
	case n := <-port:
		if n == 0 {
			p.stop()
			return nil, fmt.Errorf("it ended as it was started%s", p.said.why())
		}
		p.conn, err = grpc.NewClient(net.JoinHostPort("127.0.0.1", strconv.Itoa(n)), grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)))
	case <-ctx.Done():
		err = fmt.Errorf("it has not said within its time where it listens%s", p.said.why())
	}
	if err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// stop interrupts the plugin, and kills it with all that it started if it does not end.
func (p *process) stop() {
	if p.conn != nil {
		_ = p.conn.Close()
	}
	_ = p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.exited:
	case <-time.After(stopLimit):
	}
	killGroup(p.cmd)
	<-p.exited
}

// ended tells whether the plugin is gone, which takes a moment to be known after its connection has broken.
func (p *process) ended() bool {
	select {
	case <-p.exited:
		return true
	case <-time.After(time.Second):
		return false
	}
}

// tail keeps the first and the last of what a plugin says: a crash begins with its reason.
type tail struct {
	mu    sync.Mutex
	lines []string
	rest  string
}

// tailLines bounds what is kept.
const tailLines = 200

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := strings.Split(t.rest+string(b), "\n")
	t.rest = all[len(all)-1]
	t.lines = append(t.lines, all[:len(all)-1]...)
	if over := len(t.lines) - tailLines; over > 0 {
		t.lines = append(t.lines[:tailLines/2], t.lines[tailLines/2+over:]...)
	}
	return len(b), nil
}

// why is the line that tells best why a plugin ended, or nothing.
func (t *tail) why() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := ""
	for _, line := range append(append([]string{}, t.lines...), t.rest) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			return ": " + line
		}
		if line != "" {
			last = line
		}
	}
	if last == "" {
		return ""
	}
	return ": " + last
}

// stable writes JSON with its keys in order.
func stable(text []byte) string {
	var v any
	if json.Unmarshal(text, &v) != nil {
		return string(text)
	}
	out, err := json.Marshal(v)
	if err != nil {
		return string(text)
	}
	return string(out)
}
