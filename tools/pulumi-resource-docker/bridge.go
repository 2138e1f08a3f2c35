package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/slipway-iac/slipway/tools/plugin"
)

const (
	bridgeProgram   = "docker-bridge"
	providerProgram = "terraform-provider-docker"
	// startLimit bounds how long the bridge and the upstream provider may take to start.
	startLimit = time.Minute
	// stopLimit is how long the bridge may take to stop the upstream provider before both are killed. The engine kills
	// this plugin five seconds after it has told it to stop.
	stopLimit = 2 * time.Second
)

// bridge is the running child process and the connection to it.
type bridge struct {
	cmd    *exec.Cmd
	conn   *grpc.ClientConn
	exited chan struct{}
}

// startBridge starts the bridge with this plugin's own arguments (the last one is the engine's address, which the bridge
// watches and logs to) and has it load the upstream provider.
func startBridge(ctx context.Context, args []string) (*bridge, error) {
	program, err := find(bridgeProgram)
	if err != nil {
		return nil, err
	}
	provider, err := find(providerProgram)
	if err != nil {
		return nil, err
	}
	b := &bridge{cmd: exec.Command(program, args...), exited: make(chan struct{})}
	b.cmd.Stderr = os.Stderr
	tie(b.cmd)
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("connecting to the bridge's output: %w", err)
	}
	if err := start(b.cmd); err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	if err := b.connect(ctx, out, provider); err != nil {
		b.stop()
		return nil, err
	}
	return b, nil
}

func (b *bridge) connect(ctx context.Context, out io.Reader, provider string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	reader := bufio.NewReader(out)
	port := make(chan int, 1)
	go func() {
		line, _ := reader.ReadString('\n')
		n, _ := strconv.Atoi(strings.TrimSpace(line))
		port <- n
		// Drained to its end, or the bridge would block on a full pipe; Wait may only be called after that.
		_, _ = io.Copy(io.Discard, reader)
		_ = b.cmd.Wait()
		close(b.exited)
	}()
	var err error
	select {
	case n := <-port:
		if n == 0 {
			return fmt.Errorf("the bridge ended without a port: its messages are above")
		}
		b.conn, err = grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", n),
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(plugin.MaxMessage), grpc.MaxCallSendMsgSize(plugin.MaxMessage)))
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("connecting to the bridge: %w", err)
	}
	_, err = pulumirpc.NewResourceProviderClient(b.conn).Parameterize(ctx, &pulumirpc.ParameterizeRequest{
		Parameters: &pulumirpc.ParameterizeRequest_Args{
			Args: &pulumirpc.ParameterizeRequest_ParametersArgs{Args: []string{provider}},
		},
	})
	if err != nil {
		return fmt.Errorf("loading %s into the bridge: %w", provider, err)
	}
	return nil
}

// stop interrupts the bridge, which then stops the upstream provider that it started. Killing it at once would leave
// that one behind.
func (b *bridge) stop() {
	if b.conn != nil {
		_ = b.conn.Close()
	}
	_ = b.cmd.Process.Signal(os.Interrupt)
	select {
	case <-b.exited:
	case <-time.After(stopLimit):
	}
	// Also after an orderly end: the bridge leaves the upstream provider behind when serving ended with an error.
	killGroup(b.cmd)
	<-b.exited
}

// find looks for a program beside this one, then on PATH.
func find(program string) (string, error) {
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		if beside := filepath.Join(filepath.Dir(self), program); isFile(beside) {
			return beside, nil
		}
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("finding %s beside this plugin or on PATH: %w", program, err)
	}
	// The bridge takes a name without a leading slash for an address in a registry.
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("finding %s: %w", program, err)
	}
	return absolute, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
