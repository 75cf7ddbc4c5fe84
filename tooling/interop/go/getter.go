package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"
)

const (
	resendAfter = 500 * time.Millisecond
	// How often the read deadline moves: setting it for each packet costs as much
	// as a small part of the read itself.
	deadlineEvery = 256
)

// A getter keeps a window of GETs for the dats of a series in flight.
type getter struct {
	client  *client
	packets [][]byte // GET of dat 0…
	dats    *series
	sent    []time.Time // of the outstanding GET for this index, else zero
	// Filled by run.
	latencies []time.Duration
	missing   []int
	resent    int
}

func newGetter(c *client, dats *series, count int) *getter {
	g := &getter{client: c, dats: dats, packets: make([][]byte, count), sent: make([]time.Time, count)}
	for i := range g.packets {
		g.packets[i] = getPacket(dats.publicKey(), dats.key(i))
	}
	return g
}

// run asks once for each index in order, `window` at a time, and returns how
// long all answers took. An index that comes again while its last GET is
// unanswered waits for that answer: two could not be told apart.
func (g *getter) run(order []int, window int, limit time.Duration) (time.Duration, error) {
	g.latencies, g.missing, g.resent = make([]time.Duration, 0, len(order)), nil, 0
	began := time.Now()
	next, outstanding, reads := 0, 0, 0
	for next < len(order) || outstanding > 0 {
		for outstanding < window && next < len(order) && g.sent[order[next]].IsZero() {
			index := order[next]
			if _, err := g.client.conn.Write(g.packets[index]); err != nil {
				return 0, err
			}
			g.sent[index] = time.Now()
			next, outstanding = next+1, outstanding+1
		}
		if reads%deadlineEvery == 0 {
			if err := g.client.conn.SetReadDeadline(time.Now().Add(resendAfter)); err != nil {
				return 0, err
			}
		}
		reads++
		packet, err := g.client.receiveMore()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if time.Since(began) > limit {
				return 0, fmt.Errorf("%d GETs had no answer after %s", outstanding, limit)
			}
			if err := g.resend(order[:next]); err != nil {
				return 0, err
			}
			reads = 0
			continue
		}
		if err != nil {
			return 0, err
		}
		if g.settle(packet) {
			outstanding--
		}
	}
	return time.Since(began), nil
}

// settle takes an answer; duplicates and strangers are not counted.
func (g *getter) settle(packet []byte) bool {
	key, found, ok := parseAck(packet, g.dats.publicKey())
	if !ok || len(key) <= len(g.dats.prefix) || string(key[:len(g.dats.prefix)]) != g.dats.prefix {
		return false
	}
	index, err := strconv.Atoi(string(key[len(g.dats.prefix):]))
	if err != nil || index < 0 || index >= len(g.sent) || g.sent[index].IsZero() {
		return false
	}
	g.latencies = append(g.latencies, time.Since(g.sent[index]))
	g.sent[index] = time.Time{}
	if !found {
		g.missing = append(g.missing, index)
	}
	return true
}

// resend repeats what is overdue; its latency counts from the first GET.
func (g *getter) resend(asked []int) error {
	for _, index := range asked {
		if !g.sent[index].IsZero() && time.Since(g.sent[index]) >= resendAfter/2 {
			g.resent++
			if _, err := g.client.conn.Write(g.packets[index]); err != nil {
				return err
			}
		}
	}
	return nil
}

// readable asks for the given dats until all are found and returns the moment
// when the last one was.
func (g *getter) readable(order []int, window int, limit time.Duration) (time.Time, error) {
	for began := time.Now(); ; {
		if _, err := g.run(order, window, limit); err != nil {
			return time.Time{}, err
		}
		if len(g.missing) == 0 {
			return time.Now(), nil
		}
		if time.Since(began) > limit {
			return time.Time{}, fmt.Errorf("%d of %d dats are not readable after %s, %s among them",
				len(g.missing), len(order), limit, g.dats.key(g.missing[0]))
		}
		order = slices.Clone(g.missing)
		time.Sleep(time.Millisecond)
	}
}

func upTo(from, to int) []int {
	order := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		order = append(order, i)
	}
	return order
}

// percentile sorts its argument.
func percentile(latencies []time.Duration, share float64) time.Duration {
	if len(latencies) == 0 {
		return 0
	}
	slices.Sort(latencies)
	return latencies[min(len(latencies)-1, int(share*float64(len(latencies))))]
}
