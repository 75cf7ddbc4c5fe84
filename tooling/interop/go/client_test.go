package main

import (
	"bytes"
	"crypto/ed25519"
	"net"
	"testing"
	"time"

	"github.com/intob/godave/auth"
	"github.com/intob/godave/network"
	"github.com/intob/godave/store"
	"github.com/intob/godave/types"
	"lukechampine.com/blake3"
)

// A strict node: it answers nothing before its own challenge is solved.
type strictNode struct {
	t    *testing.T
	conn *net.UDPConn
	key  ed25519.PrivateKey
}

func newStrictNode(t *testing.T) *strictNode {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	key, err := keyFromSeed("")
	if err != nil {
		t.Fatal(err)
	}
	return &strictNode{t, conn, key}
}

func (n *strictNode) read() (*types.Msg, int, *net.UDPAddr) {
	buf := make([]byte, network.MAX_MSG_LEN)
	size, from, err := n.conn.ReadFromUDP(buf)
	if err != nil {
		n.t.Error(err)
		return nil, 0, nil
	}
	msg := &types.Msg{}
	if err := msg.Unmarshal(buf[:size]); err != nil {
		n.t.Error(err)
	}
	return msg, size, from
}

func (n *strictNode) send(msg *types.Msg, to *net.UDPAddr) {
	buf := make([]byte, network.MAX_MSG_LEN)
	size, err := msg.Marshal(buf)
	if err != nil {
		n.t.Error(err)
	}
	if _, err := n.conn.WriteToUDP(buf[:size], to); err != nil {
		n.t.Error(err)
	}
}

func TestHandshakeWithANodeThatValidatesAddresses(t *testing.T) {
	node := newStrictNode(t)
	c, err := dialClient(node.conn.LocalAddr().(*net.UDPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		ping, size, from := node.read()
		if size < 140 {
			t.Errorf("a PING of %d bytes pays for no more than %d in answer", size, 3*size)
		}
		mine := auth.AuthChallenge{1, 2, 3}
		node.send(&types.Msg{Op: types.OP_PING, AuthChallenge: mine, Status: &types.Status{}}, from)
		pong, _, _ := node.read()
		solution := pong.AuthSolution
		digest := blake3.Sum256(append(mine[:], solution.Salt[:]...))
		if solution.Challenge != mine || !ed25519.Verify(solution.PublicKey, digest[:], solution.Signature[:]) {
			t.Error("the client did not solve our challenge")
		}
		if solution.Salt[15]>>6 != 1 {
			t.Errorf("salt ends in %#x: the signature could serve as a dat's", solution.Salt[15])
		}
		salt := auth.Salt{9}
		answer := &auth.AuthSolution{Challenge: ping.AuthChallenge, Salt: salt,
			PublicKey: node.key.Public().(ed25519.PublicKey)}
		copy(answer.Signature[:], ed25519.Sign(node.key, solutionDigest(ping.AuthChallenge, salt)))
		node.send(&types.Msg{Op: types.OP_PONG, AuthSolution: answer}, from)
	}()
	publicKey, err := c.handshake()
	<-done
	if err != nil {
		t.Fatal(err)
	}
	if !publicKey.Equal(node.key.Public()) {
		t.Error("handshake returned another key than the node's")
	}
}

func TestParseAckReadsWhatGodaveEncodes(t *testing.T) {
	dats := &series{author: ed25519.NewKeyFromSeed(make([]byte, 32)), prefix: "k-", valueSize: 30, difficulty: 8}
	d := dats.make(7)
	buf := make([]byte, network.MAX_MSG_LEN)
	encode := func(e *store.Entry) []byte {
		n, err := (&types.Msg{Op: types.OP_GET_ACK, Entry: e}).Marshal(buf)
		if err != nil {
			t.Fatal(err)
		}
		return buf[:n]
	}
	key, found, ok := parseAck(encode(&store.Entry{Dat: d}), dats.publicKey())
	if !ok || !found || string(key) != "k-7" {
		t.Errorf("hit: key %q found %v ok %v", key, found, ok)
	}
	d.Sig = [64]byte{}
	key, found, ok = parseAck(encode(&store.Entry{Dat: d}), dats.publicKey())
	if !ok || found || string(key) != "k-7" {
		t.Errorf("miss: key %q found %v ok %v", key, found, ok)
	}
	packet := encode(&store.Entry{Dat: d})
	if _, _, ok := parseAck(packet[:ackKey+2], dats.publicKey()); ok {
		t.Error("a truncated answer was accepted")
	}
	if _, _, ok := parseAck(packet, make(ed25519.PublicKey, 32)); ok {
		t.Error("another author's answer was accepted")
	}
}

func TestPreparedFramesAreValidPuts(t *testing.T) {
	dats := &series{author: ed25519.NewKeyFromSeed(make([]byte, 32)), prefix: "k-", valueSize: 1024, difficulty: 8}
	frames, err := prepareFrames(dats, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i, frame := range frames {
		msg := &types.Msg{}
		if int(frame[0])|int(frame[1])<<8 != len(frame)-2 {
			t.Fatalf("frame %d has a wrong length prefix", i)
		}
		if err := msg.Unmarshal(frame[2:]); err != nil {
			t.Fatal(err)
		}
		if err := msg.Entry.Dat.Verify(blake3.New(32, nil)); err != nil {
			t.Errorf("frame %d: %s", i, err)
		}
		if msg.Entry.Dat.Key != dats.key(i) || !bytes.Equal(msg.Entry.Dat.Val, seriesValue(dats.key(i), 1024)) {
			t.Errorf("frame %d holds another key or value", i)
		}
	}
}

func TestSizesAtTheLimitOfAPacket(t *testing.T) {
	key := "0123456789"
	d := makeDat(ed25519.NewKeyFromSeed(make([]byte, 32)), key, make([]byte, maxKeyAndValue-len(key)), 8, time.Now())
	if err := checkSizes(key, len(d.Val)); err != nil {
		t.Error(err)
	}
	if _, err := putFrame(&store.Entry{Dat: d}); err != nil {
		t.Error(err)
	}
	if err := checkSizes(key, len(d.Val)+1); err == nil {
		t.Error("one byte too many was accepted")
	}
	d.Val = append(d.Val, 0)
	if _, err := putFrame(&store.Entry{Dat: d}); err == nil {
		t.Error("godave encodes one byte more than we allow")
	}
}
