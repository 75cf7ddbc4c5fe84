package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/intob/godave"
)

type batchBenchResult struct {
	Mode         string      `json:"mode"`
	Count        int         `json:"count"`
	ValueSize    int         `json:"valueSize"`
	Difficulty   uint8       `json:"difficulty"`
	Workers      int         `json:"workers"`
	FlushedMs    float64     `json:"flushedMs"`
	ReadableMs   float64     `json:"readableMs"`
	DatsPerSec   float64     `json:"datsPerSec"` // until readable on the second node
	VersionFacts versionInfo `json:"version"`
}

// runBenchBatch writes a batch from a node in this process to one in another:
// sign, prove, store, send, verify, until all dats are readable over there.
func runBenchBatch(args []string) (any, error) {
	flags := &loadFlags{set: flag.NewFlagSet("bench-batch", flag.ExitOnError)}
	flags.count = flags.set.Int("count", 20_000, "how many dats")
	flags.valueSize = flags.set.Int("value-size", 19, "bytes per value")
	flags.difficulty = flags.set.Uint("difficulty", 8, "bits of work per dat")
	flags.limit = flags.set.Duration("limit", time.Minute, "give up after this long")
	flags.seed, flags.prefix = new(string), new(string)
	*flags.prefix = "batch-"
	if err := flags.set.Parse(args); err != nil {
		return nil, err
	}
	dats, err := flags.series()
	if err != nil {
		return nil, err
	}
	receiver, target, err := startChildNode()
	if err != nil {
		return nil, err
	}
	defer receiver.stop()
	writer, err := startWriter(target, *flags.limit)
	if err != nil {
		return nil, err
	}
	c, err := dialClient(target)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if _, err := c.handshake(); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := writeSeries(writer, dats, *flags.count, 0); err != nil {
		return nil, err
	}
	flushed := time.Since(began)
	end, err := awaitAll(newGetter(c, dats, *flags.count), *flags.count, *flags.limit)
	if err != nil {
		return nil, err
	}
	elapsed := end.Sub(began)
	return &batchBenchResult{"bench-batch", *flags.count, *flags.valueSize, dats.difficulty,
		runtime.NumCPU(), ms(flushed), ms(elapsed), float64(*flags.count) / elapsed.Seconds(),
		currentVersion()}, nil
}

// startWriter returns a node that has the target as its only active peer.
func startWriter(target netip.AddrPort, limit time.Duration) (*godave.Dave, error) {
	key, err := keyFromSeed("")
	if err != nil {
		return nil, err
	}
	logs, err := newStderrLogger("none")
	if err != nil {
		return nil, err
	}
	dave, _, err := startNode("", &godave.DaveCfg{PrivateKey: key, Edges: []netip.AddrPort{target},
		ShardCapacity: defaultShardCapacity, Logger: logs})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := dave.WaitForActivePeers(ctx, 1); err != nil {
		return nil, fmt.Errorf("the two nodes did not find each other: %w", err)
	}
	return dave, nil
}

// A childNode is this program in control mode; it ends with its stdin.
type childNode struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

func startChildNode() (*childNode, netip.AddrPort, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	cmd := exec.Command(self, "control")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, netip.AddrPort{}, err
	}
	if err := cmd.Start(); err != nil {
		return nil, netip.AddrPort{}, err
	}
	child := &childNode{cmd, stdin}
	target, err := child.start(bufio.NewReader(stdout))
	if err != nil {
		return nil, target, errors.Join(fmt.Errorf("the second node did not start: %w", err), child.stop())
	}
	return child, target, nil
}

func (c *childNode) start(answers *bufio.Reader) (netip.AddrPort, error) {
	if _, err := io.WriteString(c.stdin, `{"id":1,"cmd":"start","args":{"logLevel":"none"}}`+"\n"); err != nil {
		return netip.AddrPort{}, err
	}
	line, err := answers.ReadBytes('\n')
	if err != nil {
		return netip.AddrPort{}, err
	}
	var answer struct {
		Error  string
		Result startResult
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return netip.AddrPort{}, err
	}
	if answer.Error != "" {
		return netip.AddrPort{}, errors.New(answer.Error)
	}
	return netip.ParseAddrPort(answer.Result.Listen)
}

func (c *childNode) stop() error {
	return errors.Join(c.stdin.Close(), c.cmd.Wait())
}
