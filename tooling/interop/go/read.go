package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/intob/godave"
	"github.com/intob/godave/store"
	"github.com/intob/godave/types"
)

const (
	// godave gives each waiting Get a queue of 100 answers and shows it those of
	// all the others: more at once lose answers.
	maxConcurrentGets = 64
	shownMissing      = 10
)

type getArgs struct {
	PublicKey string `json:"publicKey"`
	Key       string `json:"key"`
	TimeoutMs int64  `json:"timeoutMs"`
}

type getResult struct {
	Found     bool       `json:"found"`
	Entry     *entryJSON `json:"entry,omitempty"`
	Reason    string     `json:"reason,omitempty"` // godave's error when not found
	ElapsedNs int64      `json:"elapsedNs"`
}

func (s *session) get(args getArgs) (*getResult, error) {
	dave, _, err := s.running()
	if err != nil {
		return nil, err
	}
	publicKey, err := parsePublicKey(args.PublicKey)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	entry, err := getOne(dave, publicKey, args.Key, args.TimeoutMs)
	elapsed := time.Since(began).Nanoseconds()
	if err != nil {
		return &getResult{Reason: err.Error(), ElapsedNs: elapsed}, nil
	}
	return &getResult{Found: true, Entry: showEntry(entry), ElapsedNs: elapsed}, nil
}

type getManyArgs struct {
	PublicKey   string `json:"publicKey"`
	Prefix      string `json:"prefix"`
	Count       int    `json:"count"`
	Concurrency int    `json:"concurrency"`
	TimeoutMs   int64  `json:"timeoutMs"` // of each get
	ValueSize   *int   `json:"valueSize"` // when given, values are compared with seriesValue
}

type getManyResult struct {
	Found      int      `json:"found"`
	Missing    []string `json:"missing"` // the first few
	WrongValue int      `json:"wrongValue"`
	ElapsedNs  int64    `json:"elapsedNs"`
}

func (s *session) getMany(args getManyArgs) (*getManyResult, error) {
	dave, _, err := s.running()
	if err != nil {
		return nil, err
	}
	publicKey, err := parsePublicKey(args.PublicKey)
	if err != nil {
		return nil, err
	}
	if args.Count < 1 {
		return nil, fmt.Errorf("count must be at least 1, not %d", args.Count)
	}
	if args.Concurrency == 0 {
		args.Concurrency = 16
	}
	if args.Concurrency < 1 || args.Concurrency > maxConcurrentGets {
		return nil, fmt.Errorf("concurrency must be 1 to %d, not %d", maxConcurrentGets, args.Concurrency)
	}
	result := &getManyResult{Missing: []string{}}
	keys := series{prefix: args.Prefix}
	var mu sync.Mutex
	began := time.Now()
	inParallel(args.Concurrency, 0, args.Count, func(index int) {
		key := keys.key(index)
		entry, err := getOne(dave, publicKey, key, args.TimeoutMs)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
			if len(result.Missing) < shownMissing {
				result.Missing = append(result.Missing, fmt.Sprintf("%s: %s", key, err))
			}
		case args.ValueSize != nil && !bytes.Equal(entry.Dat.Val, seriesValue(key, *args.ValueSize)):
			result.WrongValue++
		default:
			result.Found++
		}
	})
	result.ElapsedNs = time.Since(began).Nanoseconds()
	return result, nil
}

func getOne(dave *godave.Dave, publicKey ed25519.PublicKey, key string, timeoutMs int64) (*store.Entry, error) {
	ctx, cancel := withTimeout(timeoutMs, 2*time.Second)
	defer cancel()
	return dave.Get(ctx, &types.Get{PublicKey: publicKey, DatKey: key})
}

func parsePublicKey(text string) (ed25519.PublicKey, error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("publicKey must be %d bytes in hex", ed25519.PublicKeySize)
	}
	return raw, nil
}
