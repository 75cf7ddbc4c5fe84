package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"runtime"
	"time"

	"github.com/intob/godave"
	"github.com/intob/godave/dat"
	"github.com/intob/godave/store"
)

type putArgs struct {
	Key        string `json:"key"`
	Value      string `json:"value"` // base64
	Difficulty uint8  `json:"difficulty"`
	AuthorSeed string `json:"authorSeed"` // default: the node's own key
	TimeMs     int64  `json:"timeMs"`     // default: now
}

type putResult struct {
	Entry     *entryJSON `json:"entry"`
	ElapsedNs int64      `json:"elapsedNs"`
}

func (s *session) put(args putArgs) (*putResult, error) {
	dave, author, err := s.authorOf(args.AuthorSeed)
	if err != nil {
		return nil, err
	}
	value, err := base64.StdEncoding.DecodeString(args.Value)
	if err != nil {
		return nil, fmt.Errorf("value must be base64: %w", err)
	}
	if err := checkSizes(args.Key, len(value)); err != nil {
		return nil, err
	}
	difficulty, err := checkDifficulty(args.Difficulty)
	if err != nil {
		return nil, err
	}
	began, at := time.Now(), time.Now()
	if args.TimeMs != 0 {
		at = time.UnixMilli(args.TimeMs)
	}
	d := makeDat(author, args.Key, value, difficulty, at)
	err = writeBatch(dave, author, func(send func(dat.Dat)) { send(d) })
	if err != nil {
		return nil, err
	}
	return &putResult{showEntry(&store.Entry{Dat: d}), time.Since(began).Nanoseconds()}, nil
}

type batchArgs struct {
	Count      int    `json:"count"`
	Prefix     string `json:"prefix"`
	ValueSize  int    `json:"valueSize"`
	Difficulty uint8  `json:"difficulty"`
	AuthorSeed string `json:"authorSeed"`
	PauseMs    int64  `json:"pauseMs"` // silence on the open connections, half way
}

type batchResult struct {
	Count     int    `json:"count"`
	PublicKey string `json:"publicKey"`
	// From the call until the buffers are flushed and the connections closed.
	ElapsedNs int64 `json:"elapsedNs"`
}

func (s *session) batch(args batchArgs) (*batchResult, error) {
	dave, author, err := s.authorOf(args.AuthorSeed)
	if err != nil {
		return nil, err
	}
	difficulty, err := checkDifficulty(args.Difficulty)
	if err != nil {
		return nil, err
	}
	dats := &series{author, args.Prefix, args.ValueSize, difficulty}
	if err := dats.check(args.Count); err != nil {
		return nil, err
	}
	began := time.Now()
	err = writeSeries(dave, dats, args.Count, time.Duration(args.PauseMs)*time.Millisecond)
	if err != nil {
		return nil, err
	}
	return &batchResult{args.Count, hex.EncodeToString(dats.publicKey()),
		time.Since(began).Nanoseconds()}, nil
}

// writeSeries signs and proves on all cores while one BatchWriter sends.
func writeSeries(dave *godave.Dave, dats *series, count int, pause time.Duration) error {
	return writeBatch(dave, dats.author, func(send func(dat.Dat)) {
		half := count
		if pause > 0 {
			half = count / 2
		}
		inParallel(runtime.NumCPU(), 0, half, func(index int) { send(dats.make(index)) })
		if half < count {
			time.Sleep(pause)
			inParallel(runtime.NumCPU(), half, count, func(index int) { send(dats.make(index)) })
		}
	})
}

// writeBatch returns when godave has flushed and closed its connections. godave
// stops reading the channel at its first error; send then drops instead of
// blocking for ever, and that error is returned.
func writeBatch(dave *godave.Dave, author ed25519.PrivateKey, produce func(send func(dat.Dat))) error {
	dats, errs, err := dave.BatchWriter(author.Public().(ed25519.PublicKey))
	if err != nil {
		return err
	}
	failed, finished := make(chan struct{}), make(chan error, 1)
	go func() {
		var first error
		for err := range errs {
			if first == nil {
				first = err
				close(failed)
			}
		}
		finished <- first
	}()
	produce(func(d dat.Dat) {
		select {
		case dats <- d:
		case <-failed:
		}
	})
	close(dats)
	return <-finished
}

func (s *session) authorOf(seed string) (*godave.Dave, ed25519.PrivateKey, error) {
	dave, own, err := s.running()
	if err != nil || seed == "" {
		return dave, own, err
	}
	author, err := keyFromSeed(seed)
	return dave, author, err
}
