// Command dave-interop runs the Go implementation of Dave for interoperability
// tests and side-by-side benchmarks.
//
// `control` holds one node, driven by newline-delimited JSON on stdin (see
// control.go). Every other mode is a benchmark: it prints one JSON object on
// stdout and exits. Logs go to stderr. A panic anywhere ends the process with
// exit code 2 and its stack on stderr, which is what a controller must see when
// the node crashes.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
)

const (
	exitFailed = 1
	exitUsage  = 64
)

// A mode gets its command line arguments and returns what is printed as JSON.
type mode func(args []string) (any, error)

var modes = map[string]mode{
	"version":      runVersion,
	"bench-pow":    runBenchPow,
	"bench-codec":  runBenchCodec,
	"bench-verify": runBenchVerify,
	"bench-batch":  runBenchBatch,
	"load-tcp":     runLoadTCP,
	"load-get":     runLoadGet,
}

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	if os.Args[1] == "control" {
		serveControl(os.Stdin, os.Stdout)
		return
	}
	run, ok := modes[os.Args[1]]
	if !ok {
		usage()
	}
	result, err := run(os.Args[2:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", os.Args[1], err)
		os.Exit(exitFailed)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fmt.Fprintf(os.Stderr, "%s: cannot print the result: %s\n", os.Args[1], err)
		os.Exit(exitFailed)
	}
}

func usage() {
	names := make([]string, 0, len(modes)+1)
	for name := range modes {
		names = append(names, name)
	}
	names = append(names, "control")
	sort.Strings(names)
	fmt.Fprintf(os.Stderr, "usage: dave-interop %s [flags]\n", strings.Join(names, " | "))
	os.Exit(exitUsage)
}

// versionInfo names what was measured.
type versionInfo struct {
	Go     string `json:"go"`
	Godave string `json:"godave"`
	Arch   string `json:"arch"`
	CPUs   int    `json:"cpus"`
}

func runVersion([]string) (any, error) {
	return currentVersion(), nil
}

func currentVersion() versionInfo {
	info := versionInfo{Go: runtime.Version(), Godave: "unknown",
		Arch: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU()}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range build.Deps {
			if dep.Path == "github.com/intob/godave" {
				info.Godave = dep.Version
			}
		}
	}
	return info
}
