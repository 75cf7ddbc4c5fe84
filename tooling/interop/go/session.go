package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/intob/godave"
	"github.com/intob/godave/peer"
)

const defaultShardCapacity = 1 << 30

var errNotStarted = errors.New("no node is running: send start first")

// A session holds at most one node in its life: godave's Kill flushes the store
// but leaves both sockets open, so a restart needs a new process.
type session struct {
	mu     sync.Mutex
	dave   *godave.Dave
	key    ed25519.PrivateKey
	killed bool
}

type startArgs struct {
	Seed           string   `json:"seed"`   // 32 bytes hex; random when empty
	Listen         string   `json:"listen"` // "[::1]:0" picks a free pair of ports
	Edges          []string `json:"edges"`
	ShardCapacity  int64    `json:"shardCapacity"` // bytes; godave takes it for the whole store
	BackupFilename string   `json:"backupFilename"`
	LogLevel       string   `json:"logLevel"` // error (default), debug, none
}

type startResult struct {
	PublicKey string `json:"publicKey"`
	ID        string `json:"id"`
	Listen    string `json:"listen"`
}

func (s *session) start(args startArgs) (*startResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dave != nil {
		return nil, errors.New("a node has already run in this process: start another process")
	}
	key, err := keyFromSeed(args.Seed)
	if err != nil {
		return nil, err
	}
	edges, err := parseEdges(args.Edges)
	if err != nil {
		return nil, err
	}
	if err := checkBackup(args.BackupFilename); err != nil {
		return nil, err
	}
	logs, err := newStderrLogger(args.LogLevel)
	if err != nil {
		return nil, err
	}
	capacity := args.ShardCapacity
	if capacity == 0 {
		capacity = defaultShardCapacity
	}
	dave, listen, err := startNode(args.Listen, &godave.DaveCfg{PrivateKey: key, Edges: edges,
		ShardCapacity: capacity, BackupFilename: args.BackupFilename, Logger: logs})
	if err != nil {
		return nil, err
	}
	s.dave, s.key = dave, key
	publicKey := key.Public().(ed25519.PublicKey)
	return &startResult{PublicKey: hex.EncodeToString(publicKey),
		ID: formatID(peer.IDFromPublicKey(publicKey)), Listen: listen.String()}, nil
}

type waitArgs struct {
	Count     int   `json:"count"`
	TimeoutMs int64 `json:"timeoutMs"`
}

type waitResult struct {
	ActivePeerCount int   `json:"activePeerCount"`
	ElapsedMs       int64 `json:"elapsedMs"`
}

func (s *session) wait(args waitArgs) (*waitResult, error) {
	dave, _, err := s.running()
	if err != nil {
		return nil, err
	}
	ctx, cancel := withTimeout(args.TimeoutMs, 30*time.Second)
	defer cancel()
	began := time.Now()
	if err := dave.WaitForActivePeers(ctx, args.Count); err != nil {
		return nil, fmt.Errorf("%d of %d peers active after %d ms: %w",
			dave.ActivePeerCount(), args.Count, time.Since(began).Milliseconds(), err)
	}
	return &waitResult{dave.ActivePeerCount(), time.Since(began).Milliseconds()}, nil
}

type statusResult struct {
	ActivePeerCount int   `json:"activePeerCount"`
	UsedSpace       int64 `json:"usedSpace"`
	Capacity        int64 `json:"capacity"`
	// Decimal: sums of what peers claim, wrapped round where a claim is negative.
	NetworkUsedSpace string `json:"networkUsedSpace"`
	NetworkCapacity  string `json:"networkCapacity"`
}

func (s *session) status(struct{}) (*statusResult, error) {
	dave, _, err := s.running()
	if err != nil {
		return nil, err
	}
	used, capacity := dave.NetworkUsedSpaceAndCapacity()
	return &statusResult{ActivePeerCount: dave.ActivePeerCount(), UsedSpace: dave.UsedSpace(),
		Capacity: dave.Capacity(), NetworkUsedSpace: strconv.FormatUint(used, 10),
		NetworkCapacity: strconv.FormatUint(capacity, 10)}, nil
}

// kill flushes the backup. The sockets go on answering until the process ends.
func (s *session) kill(struct{}) (struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dave == nil {
		return struct{}{}, errNotStarted
	}
	if s.killed {
		return struct{}{}, nil
	}
	s.killed = true
	done := make(chan struct{})
	go func() {
		s.dave.Kill()
		close(done)
	}()
	select {
	case <-done:
		return struct{}{}, nil
	case <-time.After(killLimit):
		return struct{}{}, fmt.Errorf("the node did not flush its backup within %s", killLimit)
	}
}

func (s *session) running() (*godave.Dave, ed25519.PrivateKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dave == nil {
		return nil, nil, errNotStarted
	}
	if s.killed {
		return nil, nil, errors.New("the node was killed: start another process")
	}
	return s.dave, s.key, nil
}

func keyFromSeed(seed string) (ed25519.PrivateKey, error) {
	if seed == "" {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	raw, err := hex.DecodeString(seed)
	if err != nil || len(raw) != ed25519.SeedSize {
		return nil, fmt.Errorf("seed must be %d bytes in hex", ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(raw), nil
}

func parseEdges(edges []string) ([]netip.AddrPort, error) {
	parsed := make([]netip.AddrPort, len(edges))
	for i, edge := range edges {
		addr, err := netip.ParseAddrPort(edge)
		if err != nil {
			return nil, fmt.Errorf("edge %q must be ip:port: %w", edge, err)
		}
		parsed[i] = addr
	}
	return parsed, nil
}

// checkBackup refuses what would make godave's writer give up without a word.
func checkBackup(filename string) error {
	if filename == "" {
		return nil
	}
	folder, err := os.Stat(filepath.Dir(filename))
	if err != nil {
		return fmt.Errorf("the folder of backupFilename must exist: %w", err)
	}
	if !folder.IsDir() {
		return fmt.Errorf("%s is not a folder", filepath.Dir(filename))
	}
	return nil
}

func formatID(id uint64) string { return fmt.Sprintf("%016x", id) }

func withTimeout(ms int64, standard time.Duration) (context.Context, context.CancelFunc) {
	if ms > 0 {
		standard = time.Duration(ms) * time.Millisecond
	}
	return context.WithTimeout(context.Background(), standard)
}
