package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientAddr returns the address that the request came from. The header, X-Forwarded-For if it is empty, is read from the
// right, as far as the hops that wrote it are trusted: whatever stands further left may be the client's invention. No other
// header is looked at: where the platform names one, all others are what anybody writes.
func clientAddr(r *http.Request, trusted []netip.Prefix, header string) netip.Addr {
	if header == "" {
		header = "X-Forwarded-For"
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap().WithZone("")
	if !within(addr, trusted) {
		return addr
	}
	lists := r.Header[header]
	for i := len(lists) - 1; i >= 0; i-- {
		rest := lists[i]
		for rest != "" {
			hop := rest
			if j := strings.LastIndexByte(rest, ','); j >= 0 {
				rest, hop = rest[:j], rest[j+1:]
			} else {
				rest = ""
			}
			next, ok := parseHop(strings.TrimSpace(hop))
			if !ok {
				return addr // nothing left of something unreadable can be trusted
			}
			if addr = next; !within(addr, trusted) {
				return addr
			}
		}
	}
	return addr
}

// parseHop reads an address, with or without a port: Azure's and some other proxies write one.
func parseHop(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
