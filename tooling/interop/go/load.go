package main

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand"
	"net"
	"net/netip"
	"time"
)

const (
	tailDats   = 64        // polled until all of them are readable
	sendBuffer = 32 * 1024 // as the Go implementation's own writer
)

// loadFlags are shared by the load modes.
type loadFlags struct {
	set        *flag.FlagSet
	target     *string
	seed       *string
	prefix     *string
	count      *int
	valueSize  *int
	difficulty *uint
	limit      *time.Duration
}

func newLoadFlags(name string) *loadFlags {
	set := flag.NewFlagSet(name, flag.ExitOnError)
	return &loadFlags{set: set,
		target:     set.String("target", "", "UDP address of the node, ip:port; TCP is the next port"),
		seed:       set.String("seed", "", "author's seed, 32 bytes in hex; random when empty"),
		prefix:     set.String("prefix", "load-", "keys are the prefix and a number"),
		count:      set.Int("count", 20_000, "how many dats"),
		valueSize:  set.Int("value-size", 19, "bytes per value"),
		difficulty: set.Uint("difficulty", 8, "bits of work per dat"),
		limit:      set.Duration("limit", time.Minute, "give up after this long")}
}

func (f *loadFlags) parse(args []string) (*series, netip.AddrPort, error) {
	if err := f.set.Parse(args); err != nil {
		return nil, netip.AddrPort{}, err
	}
	target, err := netip.ParseAddrPort(*f.target)
	if err != nil {
		return nil, target, fmt.Errorf("-target must be ip:port: %w", err)
	}
	dats, err := f.series()
	return dats, target, err
}

func (f *loadFlags) series() (*series, error) {
	author, err := keyFromSeed(*f.seed)
	if err != nil {
		return nil, err
	}
	difficulty, err := checkDifficulty(uint8(min(*f.difficulty, 255)))
	if err != nil {
		return nil, err
	}
	dats := &series{author, *f.prefix, *f.valueSize, difficulty}
	return dats, dats.check(*f.count)
}

type loadTCPResult struct {
	Mode       string  `json:"mode"`
	Count      int     `json:"count"`
	ValueSize  int     `json:"valueSize"`
	Bytes      int     `json:"bytes"`
	SentMs     float64 `json:"sentMs"`
	ReadableMs float64 `json:"readableMs"`
	DatsPerSec float64 `json:"datsPerSec"`
	Readable   int     `json:"readable"` // found in a pass over all, not timed
}

// runLoadTCP pushes prepared dats over one connection as fast as the node takes
// them; the clock stops when all are readable.
func runLoadTCP(args []string) (any, error) {
	flags := newLoadFlags("load-tcp")
	dats, target, err := flags.parse(args)
	if err != nil {
		return nil, err
	}
	frames, err := prepareFrames(dats, *flags.count)
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
	sent, bytes, err := pushFrames(target, frames, *flags.limit)
	if err != nil {
		return nil, err
	}
	end, err := awaitAll(newGetter(c, dats, *flags.count), *flags.count, *flags.limit)
	if err != nil {
		return nil, err
	}
	elapsed := end.Sub(began)
	return &loadTCPResult{"load-tcp", *flags.count, *flags.valueSize, bytes, ms(sent.Sub(began)),
		ms(elapsed), float64(*flags.count) / elapsed.Seconds(), *flags.count}, nil
}

// pushFrames returns when the last byte was handed to the kernel.
func pushFrames(target netip.AddrPort, frames [][]byte, limit time.Duration) (time.Time, int, error) {
	conn, err := net.Dial("tcp", netip.AddrPortFrom(target.Addr(), target.Port()+1).String())
	if err != nil {
		return time.Time{}, 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return time.Time{}, 0, err
	}
	writer, bytes := bufio.NewWriterSize(conn, sendBuffer), 0
	for i, frame := range frames {
		if _, err := writer.Write(frame); err != nil {
			return time.Time{}, 0, fmt.Errorf("the node ended the connection near dat %d: %w", i, err)
		}
		bytes += len(frame)
	}
	if err := writer.Flush(); err != nil {
		return time.Time{}, 0, fmt.Errorf("the node ended the connection: %w", err)
	}
	return time.Now(), bytes, nil
}

// awaitAll polls the last dats, one GET at a time, until all of them are readable,
// which disturbs the node little, then asks for every dat. If one of those was
// missing, the moment when the last one appeared is what counts.
func awaitAll(g *getter, count int, limit time.Duration) (end time.Time, err error) {
	for index := max(0, count-tailDats); index < count; index++ {
		if end, err = g.readable([]int{index}, 1, limit); err != nil {
			return end, err
		}
	}
	if _, err := g.run(upTo(0, count), tailDats, limit); err != nil {
		return end, err
	}
	if len(g.missing) == 0 {
		return end, nil
	}
	return g.readable(g.missing, tailDats, limit)
}

type loadGetResult struct {
	Mode       string  `json:"mode"`
	Count      int     `json:"count"`
	Keys       int     `json:"keys"`
	InFlight   int     `json:"inFlight"`
	ValueSize  int     `json:"valueSize"`
	ElapsedMs  float64 `json:"elapsedMs"`
	Hits       int     `json:"hits"`
	HitsPerSec float64 `json:"hitsPerSec"`
	P50Us      float64 `json:"p50Us"`
	P99Us      float64 `json:"p99Us"`
	Resent     int     `json:"resent"`
}

// runLoadGet measures GETs for keys that the node holds, in random order.
func runLoadGet(args []string) (any, error) {
	flags := newLoadFlags("load-get")
	inFlight := flags.set.Int("in-flight", 64, "GETs outstanding")
	gets := flags.set.Int("gets", 200_000, "how many GETs; a tenth more comes before, not timed")
	store := flags.set.Bool("store", true, "push the dats over TCP first; else the node must hold them")
	dats, target, err := flags.parse(args)
	if err != nil {
		return nil, err
	}
	if *inFlight < 1 || *flags.count < 2**inFlight {
		return nil, fmt.Errorf("-count must be at least twice -in-flight, which must be positive")
	}
	c, err := dialClient(target)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if _, err := c.handshake(); err != nil {
		return nil, err
	}
	if *store {
		frames, err := prepareFrames(dats, *flags.count)
		if err != nil {
			return nil, err
		}
		if _, _, err := pushFrames(target, frames, *flags.limit); err != nil {
			return nil, err
		}
	}
	g := newGetter(c, dats, *flags.count)
	if _, err := awaitAll(g, *flags.count, *flags.limit); err != nil {
		return nil, err
	}
	if _, err := g.run(shuffledRounds(*flags.count, *gets/10), *inFlight, *flags.limit); err != nil {
		return nil, err
	}
	elapsed, err := g.run(shuffledRounds(*flags.count, *gets), *inFlight, *flags.limit)
	if err != nil {
		return nil, err
	}
	hits := *gets - len(g.missing)
	return &loadGetResult{"load-get", *gets, *flags.count, *inFlight, *flags.valueSize, ms(elapsed), hits,
		float64(hits) / elapsed.Seconds(), us(percentile(g.latencies, 0.5)),
		us(percentile(g.latencies, 0.99)), g.resent}, nil
}

// shuffledRounds repeats one random order of all keys, so that the same key is
// never asked for twice within half a round.
func shuffledRounds(keys, total int) []int {
	round := rand.New(rand.NewSource(1)).Perm(keys)
	order := make([]int, total)
	for i := range order {
		order[i] = round[i%keys]
	}
	return order
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
