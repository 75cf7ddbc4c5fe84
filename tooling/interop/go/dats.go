package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/intob/godave/dat"
	"github.com/intob/godave/network"
	"github.com/intob/godave/store"
	"github.com/intob/godave/types"
)

const (
	// What is left for key and value in a PUT of network.MAX_MSG_LEN bytes.
	maxKeyAndValue = network.MAX_MSG_LEN - 1 - 2 - network.FANOUT*8 - 2 - dat.DAT_HEADER_SIZE
	maxKey         = 255
)

// series describes numbered dats of one author: key prefix+index, and a value
// that anybody can recompute from the key (see seriesValue).
type series struct {
	author     ed25519.PrivateKey
	prefix     string
	valueSize  int
	difficulty uint8
}

func (s *series) key(index int) string { return s.prefix + strconv.Itoa(index) }

func (s *series) publicKey() ed25519.PublicKey { return s.author.Public().(ed25519.PublicKey) }

func (s *series) make(index int) dat.Dat {
	key := s.key(index)
	return makeDat(s.author, key, seriesValue(key, s.valueSize), s.difficulty, time.Now())
}

func (s *series) check(count int) error {
	if count < 1 {
		return fmt.Errorf("count must be at least 1, not %d", count)
	}
	return checkSizes(s.key(count-1), s.valueSize)
}

// seriesValue repeats the key and a bar up to size bytes.
func seriesValue(key string, size int) []byte {
	unit := key + "|"
	value := make([]byte, size)
	for n := 0; n < size; {
		n += copy(value[n:], unit)
	}
	return value
}

func makeDat(author ed25519.PrivateKey, key string, value []byte, difficulty uint8, at time.Time) dat.Dat {
	d := dat.Dat{Key: key, Val: value, Time: at, PubKey: author.Public().(ed25519.PublicKey)}
	d.Sign(author)
	d.Work, d.Salt = dat.DoWork(d.Sig, difficulty)
	return d
}

func checkSizes(key string, valueSize int) error {
	if len(key) > maxKey {
		return fmt.Errorf("key must be at most %d bytes, not %d", maxKey, len(key))
	}
	if valueSize < 0 || len(key)+valueSize > maxKeyAndValue {
		return fmt.Errorf("key and value must be at most %d bytes together, not %d",
			maxKeyAndValue, len(key)+valueSize)
	}
	return nil
}

func checkDifficulty(difficulty uint8) (uint8, error) {
	if difficulty == 0 {
		return network.MIN_WORK, nil
	}
	if difficulty > 32 {
		return 0, fmt.Errorf("difficulty must be at most 32 bits here, not %d", difficulty)
	}
	return difficulty, nil
}

// An entry as it is shown in JSON: bytes in hex, the value in base64.
type entryJSON struct {
	TimeMs    int64    `json:"timeMs"`
	Salt      string   `json:"salt"`
	Work      string   `json:"work"`
	Signature string   `json:"signature"`
	PublicKey string   `json:"publicKey"`
	Key       string   `json:"key"`
	Value     string   `json:"value"`
	Replicas  []string `json:"replicas"`
}

func showEntry(e *store.Entry) *entryJSON {
	replicas := make([]string, len(e.Replicas))
	for i, id := range e.Replicas {
		replicas[i] = formatID(id)
	}
	d := &e.Dat
	return &entryJSON{TimeMs: d.Time.UnixMilli(), Salt: hex.EncodeToString(d.Salt[:]),
		Work: hex.EncodeToString(d.Work[:]), Signature: hex.EncodeToString(d.Sig[:]),
		PublicKey: hex.EncodeToString(d.PubKey), Key: d.Key,
		Value: base64.StdEncoding.EncodeToString(d.Val), Replicas: replicas}
}

// prepareFrames makes dats 0…count-1 of a series on all cores and returns each
// as a PUT frame with its TCP length prefix.
func prepareFrames(s *series, count int) ([][]byte, error) {
	frames := make([][]byte, count)
	errs := make([]error, count)
	inParallel(runtime.NumCPU(), 0, count, func(index int) {
		d := s.make(index)
		frames[index], errs[index] = putFrame(&store.Entry{Dat: d})
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return frames, nil
}

func putFrame(entry *store.Entry) ([]byte, error) {
	buf := make([]byte, 2+network.MAX_MSG_LEN)
	n, err := (&types.Msg{Op: types.OP_PUT, Entry: entry}).Marshal(buf[2:])
	if err != nil {
		return nil, err
	}
	buf[0], buf[1] = byte(n), byte(n>>8)
	return append([]byte(nil), buf[:2+n]...), nil
}

// inParallel calls run for every index in [from, to), each worker taking the next.
func inParallel(workers, from, to int, run func(index int)) {
	var next atomic.Int64
	next.Store(int64(from))
	var group sync.WaitGroup
	for range workers {
		group.Add(1)
		go func() {
			defer group.Done()
			for index := int(next.Add(1)) - 1; index < to; index = int(next.Add(1)) - 1 {
				run(index)
			}
		}()
	}
	group.Wait()
}
