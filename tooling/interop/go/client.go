package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/intob/godave/auth"
	"github.com/intob/godave/network"
	"github.com/intob/godave/types"
	"lukechampine.com/blake3"
)

const (
	handshakeRetry = 500 * time.Millisecond
	handshakeLimit = 10 * time.Second
	// Offsets in a GET_ACK: op, entry length, replicas, dat length, then the dat.
	ackDat       = 1 + 2 + network.FANOUT*8 + 2
	ackSignature = ackDat + 8 + 16 + 32
	ackPublicKey = ackSignature + 64
	ackKey       = ackPublicKey + 32
)

// Appended to our PING: an extension block of padding, so that the answers stay
// below three times what we sent, and of the claim to be a client, so that no
// node places data on a load generator. The Go implementation ignores both.
var pingExtension = append([]byte{0xd5, 0x01, 3, 6, 4, 0, 0, 0, 1, 0, 0, 96}, make([]byte, 96)...)

// A client asks one node over UDP from one socket. It answers the node's PINGs,
// since a node may refuse to serve an address that has not solved a challenge.
type client struct {
	conn *net.UDPConn
	key  ed25519.PrivateKey
	buf  []byte
}

func dialClient(target netip.AddrPort) (*client, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(target))
	if err != nil {
		return nil, err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, key: key, buf: make([]byte, 2048)}, nil
}

func (c *client) close() { c.conn.Close() }

// handshake sends PING until a PONG proves the node's key, which it returns.
// Nodes that validate addresses hold their PONG back until we have solved theirs.
func (c *client) handshake() (ed25519.PublicKey, error) {
	var challenge auth.AuthChallenge
	if _, err := rand.Read(challenge[:]); err != nil {
		return nil, err
	}
	ping := make([]byte, network.MAX_MSG_LEN)
	n, err := (&types.Msg{Op: types.OP_PING, AuthChallenge: challenge, Status: &types.Status{}}).Marshal(ping)
	if err != nil {
		return nil, err
	}
	ping = append(ping[:n], pingExtension...)
	for limit := time.Now().Add(handshakeLimit); time.Now().Before(limit); {
		if _, err := c.conn.Write(ping); err != nil {
			return nil, err
		}
		publicKey, err := c.awaitPong(challenge, time.Now().Add(handshakeRetry))
		if publicKey != nil || (err != nil && !errors.Is(err, os.ErrDeadlineExceeded)) {
			return publicKey, err
		}
	}
	return nil, fmt.Errorf("%s did not answer a PING within %s", c.conn.RemoteAddr(), handshakeLimit)
}

func (c *client) awaitPong(challenge auth.AuthChallenge, deadline time.Time) (ed25519.PublicKey, error) {
	for {
		packet, err := c.receive(deadline)
		if err != nil {
			return nil, err
		}
		if len(packet) < 2 || types.Op(packet[0]) != types.OP_PONG {
			continue
		}
		msg := &types.Msg{}
		if err := msg.Unmarshal(packet); err != nil || msg.AuthSolution.Challenge != challenge {
			continue
		}
		solution := msg.AuthSolution
		digest := solutionDigest(challenge, solution.Salt)
		if !ed25519.Verify(solution.PublicKey, digest, solution.Signature[:]) {
			return nil, errors.New("the node's PONG is not signed by its key")
		}
		return solution.PublicKey, nil
	}
}

// receive returns the next packet that is not a PING; those it answers. The
// packet is valid until the next call. The deadline is os.ErrDeadlineExceeded.
func (c *client) receive(deadline time.Time) ([]byte, error) {
	if err := c.conn.SetReadDeadline(deadline); err != nil {
		return nil, err
	}
	return c.receiveMore()
}

// receiveMore is receive with the deadline that was set last.
func (c *client) receiveMore() ([]byte, error) {
	for {
		n, err := c.conn.Read(c.buf)
		if err != nil {
			return nil, err
		}
		if n >= 1+32 && types.Op(c.buf[0]) == types.OP_PING {
			if err := c.answerPing(auth.AuthChallenge(c.buf[1:33])); err != nil {
				return nil, err
			}
			continue
		}
		return c.buf[:n], nil
	}
}

func (c *client) answerPing(challenge auth.AuthChallenge) error {
	solution := &auth.AuthSolution{Challenge: challenge, PublicKey: c.key.Public().(ed25519.PublicKey)}
	if _, err := rand.Read(solution.Salt[:]); err != nil {
		return err
	}
	// challenge‖salt has the shape of a dat's digest with its time in the last
	// eight bytes: this puts that time out of range, so we sign nobody's dat.
	solution.Salt[15] = solution.Salt[15]&0x3f | 0x40
	copy(solution.Signature[:], ed25519.Sign(c.key, solutionDigest(challenge, solution.Salt)))
	pong := make([]byte, network.MAX_MSG_LEN)
	n, err := (&types.Msg{Op: types.OP_PONG, AuthSolution: solution}).Marshal(pong)
	if err != nil {
		return err
	}
	_, err = c.conn.Write(pong[:n])
	return err
}

func solutionDigest(challenge auth.AuthChallenge, salt auth.Salt) []byte {
	h := blake3.New(32, nil)
	h.Write(challenge[:])
	h.Write(salt[:])
	return h.Sum(nil)
}

// getPacket encodes a GET.
func getPacket(publicKey ed25519.PublicKey, key string) []byte {
	packet := make([]byte, 0, 1+32+1+len(key))
	packet = append(packet, byte(types.OP_GET))
	packet = append(packet, publicKey...)
	packet = append(packet, byte(len(key)))
	return append(packet, key...)
}

// parseAck returns the key in a GET_ACK of this author and whether it was found,
// without copying: godave's own decoder would cost the load generator an
// allocation per field.
func parseAck(packet []byte, publicKey ed25519.PublicKey) (key []byte, found, ok bool) {
	if len(packet) < ackKey+1 || types.Op(packet[0]) != types.OP_GET_ACK ||
		!bytes.Equal(packet[ackPublicKey:ackKey], publicKey) {
		return nil, false, false
	}
	end := ackKey + 1 + int(packet[ackKey])
	if len(packet) < end {
		return nil, false, false
	}
	for _, b := range packet[ackSignature:ackPublicKey] {
		if b != 0 {
			found = true
			break
		}
	}
	return packet[ackKey+1 : end], found, true
}
