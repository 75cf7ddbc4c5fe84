module p2p.example/dave-interop

go 1.22.1

require (
	github.com/intob/godave v0.0.51
	lukechampine.com/blake3 v1.3.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/klauspost/cpuid/v2 v2.2.9 // indirect
	golang.org/x/sys v0.27.0 // indirect
)
