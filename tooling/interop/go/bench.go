package main

import (
	"crypto/ed25519"
	"encoding/binary"
	"flag"
	"fmt"
	"slices"
	"time"

	"github.com/intob/godave/dat"
	"github.com/intob/godave/network"
	"github.com/intob/godave/store"
	"github.com/intob/godave/types"
	"lukechampine.com/blake3"
)

const (
	// The hardest work that godave still searches on one core.
	powDifficulty = 11
	benchKey      = "bench-key-000001"
	benchRounds   = 9
)

// The sizes of value that the codec is measured with.
var benchValueSizes = []int{19, 1024}

func benchDuration(name string, args []string) (time.Duration, error) {
	set := flag.NewFlagSet(name, flag.ExitOnError)
	duration := set.Duration("duration", 2*time.Second, "how long to measure")
	if err := set.Parse(args); err != nil {
		return 0, err
	}
	if *duration <= 0 {
		return 0, fmt.Errorf("-duration must be positive")
	}
	return *duration, nil
}

type powResult struct {
	Mode         string      `json:"mode"`
	Hashes       uint64      `json:"hashes"`
	ElapsedNs    int64       `json:"elapsedNs"`
	MhashPerSec  float64     `json:"mhashPerSec"`
	NsPerHash    float64     `json:"nsPerHash"`
	NsPerSolve8  float64     `json:"nsPerSolve8"` // mean of whole solves at network.MIN_WORK
	VersionFacts versionInfo `json:"version"`
}

// runBenchPow counts hashes exactly: the search starts at nonce 0 and its result
// holds the last nonce tried.
func runBenchPow(args []string) (any, error) {
	duration, err := benchDuration("bench-pow", args)
	if err != nil {
		return nil, err
	}
	search := func(difficulty uint8, duration time.Duration) (solves, hashes uint64, elapsed time.Duration) {
		var sig dat.Signature
		for began := time.Now(); elapsed < duration; elapsed = time.Since(began) {
			binary.LittleEndian.PutUint64(sig[:], solves)
			_, salt := dat.DoWork(sig, difficulty)
			solves, hashes = solves+1, hashes+binary.LittleEndian.Uint64(salt[8:])+1
		}
		return solves, hashes, elapsed
	}
	search(powDifficulty, duration/10)
	_, hashes, elapsed := search(powDifficulty, duration)
	solves, _, elapsed8 := search(network.MIN_WORK, duration/2)
	return &powResult{"bench-pow", hashes, elapsed.Nanoseconds(),
		float64(hashes) / float64(elapsed.Microseconds()),
		float64(elapsed.Nanoseconds()) / float64(hashes),
		float64(elapsed8.Nanoseconds()) / float64(solves), currentVersion()}, nil
}

type codecRow struct {
	ValueSize int     `json:"valueSize"`
	Bytes     int     `json:"bytes"`
	EncodeNs  float64 `json:"encodeNs"`
	DecodeNs  float64 `json:"decodeNs"`
}

type codecResult struct {
	Mode         string      `json:"mode"`
	Key          string      `json:"key"`
	Put          []codecRow  `json:"put"`
	VersionFacts versionInfo `json:"version"`
}

func runBenchCodec(args []string) (any, error) {
	duration, err := benchDuration("bench-codec", args)
	if err != nil {
		return nil, err
	}
	d, _, err := benchDat()
	if err != nil {
		return nil, err
	}
	result := &codecResult{Mode: "bench-codec", Key: benchKey, VersionFacts: currentVersion()}
	each := duration / time.Duration(2*len(benchValueSizes))
	for _, size := range benchValueSizes {
		d.Val = seriesValue(benchKey, size)
		msg := &types.Msg{Op: types.OP_PUT, Entry: &store.Entry{Dat: d}}
		buf := make([]byte, network.MAX_MSG_LEN)
		n, err := msg.Marshal(buf)
		if err != nil {
			return nil, err
		}
		row := codecRow{ValueSize: size, Bytes: n}
		row.EncodeNs, err = medianNs(each, func() error { _, err := msg.Marshal(buf); return err })
		if err != nil {
			return nil, err
		}
		row.DecodeNs, err = medianNs(each, func() error { return (&types.Msg{}).Unmarshal(buf[:n]) })
		if err != nil {
			return nil, err
		}
		result.Put = append(result.Put, row)
	}
	return result, nil
}

type verifyResult struct {
	Mode          string      `json:"mode"`
	Ed25519Ns     float64     `json:"ed25519Ns"`     // the bare signature check
	DatVerifyNs   float64     `json:"datVerifyNs"`   // time, work and signature
	Ed25519SignNs float64     `json:"ed25519SignNs"` // of a digest
	VersionFacts  versionInfo `json:"version"`
}

func runBenchVerify(args []string) (any, error) {
	duration, err := benchDuration("bench-verify", args)
	if err != nil {
		return nil, err
	}
	d, author, err := benchDat()
	if err != nil {
		return nil, err
	}
	digest := blake3.Sum256([]byte(benchKey))
	sig := ed25519.Sign(author, digest[:])
	result := &verifyResult{Mode: "bench-verify", VersionFacts: currentVersion()}
	result.Ed25519Ns, err = medianNs(duration/3, func() error {
		if !ed25519.Verify(d.PubKey, digest[:], sig) {
			return fmt.Errorf("a good signature was refused")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	hasher := blake3.New(32, nil)
	result.DatVerifyNs, err = medianNs(duration/3, func() error {
		hasher.Reset()
		return d.Verify(hasher)
	})
	if err != nil {
		return nil, err
	}
	result.Ed25519SignNs, err = medianNs(duration/3, func() error {
		ed25519.Sign(author, digest[:])
		return nil
	})
	return result, err
}

func benchDat() (dat.Dat, ed25519.PrivateKey, error) {
	author, err := keyFromSeed("")
	if err != nil {
		return dat.Dat{}, nil, err
	}
	value := seriesValue(benchKey, benchValueSizes[0])
	return makeDat(author, benchKey, value, network.MIN_WORK, time.Now()), author, nil
}

// medianNs measures rounds of equal length and returns the median time of one call.
func medianNs(duration time.Duration, run func() error) (float64, error) {
	calls := 1
	for round := duration / (2 * benchRounds); ; calls *= 2 {
		elapsed, err := timeCalls(calls, run)
		if err != nil {
			return 0, err
		}
		if elapsed >= round {
			break
		}
	}
	perCall := make([]float64, benchRounds)
	for i := range perCall {
		elapsed, err := timeCalls(calls, run)
		if err != nil {
			return 0, err
		}
		perCall[i] = float64(elapsed.Nanoseconds()) / float64(calls)
	}
	slices.Sort(perCall)
	return perCall[benchRounds/2], nil
}

func timeCalls(calls int, run func() error) (time.Duration, error) {
	began := time.Now()
	for range calls {
		if err := run(); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}
