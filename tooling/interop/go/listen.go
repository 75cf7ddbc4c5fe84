package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/intob/godave"
)

// Another process may take a free port between our look and godave's.
const startAttempts = 5

// startNode resolves port 0 itself: godave would put its TCP listener on port 1.
func startNode(listen string, cfg *godave.DaveCfg) (*godave.Dave, netip.AddrPort, error) {
	if listen == "" {
		listen = "[::1]:0"
	}
	addr, err := netip.ParseAddrPort(listen)
	if err != nil || !addr.Addr().Is6() || addr.Addr().Is4In6() {
		return nil, addr, fmt.Errorf("listen must be [IPv6]:port, for example [::1]:0, not %q", listen)
	}
	attempts := 1
	if addr.Port() == 0 {
		attempts = startAttempts
	}
	for range attempts {
		bound := addr
		if addr.Port() == 0 {
			var port uint16
			if port, err = freePortPair(addr.Addr()); err != nil {
				break
			}
			bound = netip.AddrPortFrom(addr.Addr(), port)
		}
		cfg.UdpListenAddr = net.UDPAddrFromAddrPort(bound)
		var dave *godave.Dave
		if dave, err = godave.NewDave(cfg); err == nil {
			return dave, bound, nil
		}
	}
	return nil, addr, fmt.Errorf("cannot start the node on %s: %w", listen, err)
}

// freePortPair finds a UDP port whose TCP successor is free as well.
func freePortPair(ip netip.Addr) (uint16, error) {
	for range 64 {
		udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
		if err != nil {
			return 0, err
		}
		port := udp.LocalAddr().(*net.UDPAddr).AddrPort().Port()
		if port == 65535 {
			udp.Close()
			continue
		}
		tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, port+1)))
		udp.Close()
		if err == nil {
			tcp.Close()
			return port, nil
		}
	}
	return 0, errors.New("no free pair of ports found")
}
