package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// killLimit bounds a graceful shutdown: godave's Kill never returns when its
// backup file could not be opened.
const killLimit = 10 * time.Second

// One line on stdin. Requests run concurrently; the answer carries the same id.
type request struct {
	ID   int64           `json:"id"`
	Cmd  string          `json:"cmd"`
	Args json.RawMessage `json:"args"`
}

// One line on stdout.
type response struct {
	ID     int64  `json:"id"`
	OK     bool   `json:"ok"`
	Result any    `json:"result,omitempty"`
	Error  string `json:"error,omitempty"`
}

type controller struct {
	session session
	mu      sync.Mutex // guards out
	out     io.Writer
}

// serveControl answers requests until `exit` or the end of stdin; the latter
// also shuts the node down, so that no process outlives its controller.
func serveControl(in io.Reader, out io.Writer) {
	c := &controller{out: out}
	reader := bufio.NewReaderSize(in, 64*1024)
	for {
		line, err := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var req request
			if decodeErr := decodeStrict(line, &req); decodeErr != nil {
				c.reply(response{Error: fmt.Sprintf("request is not valid: %s", decodeErr)})
			} else if req.Cmd == "exit" {
				c.finish(req.ID)
			} else {
				go c.handle(req)
			}
		}
		if err != nil {
			c.shutdown()
			return
		}
	}
}

func (c *controller) handle(req request) {
	result, err := c.dispatch(req)
	if err != nil {
		c.reply(response{ID: req.ID, Error: err.Error()})
		return
	}
	c.reply(response{ID: req.ID, OK: true, Result: result})
}

func (c *controller) dispatch(req request) (any, error) {
	s := &c.session
	switch req.Cmd {
	case "start":
		return call(req.Args, s.start)
	case "wait":
		return call(req.Args, s.wait)
	case "status":
		return call(req.Args, s.status)
	case "put":
		return call(req.Args, s.put)
	case "batch":
		return call(req.Args, s.batch)
	case "get":
		return call(req.Args, s.get)
	case "getMany":
		return call(req.Args, s.getMany)
	case "kill":
		return call(req.Args, s.kill)
	case "version":
		return currentVersion(), nil
	}
	return nil, fmt.Errorf("unknown command %q", req.Cmd)
}

func (c *controller) finish(id int64) {
	err := c.shutdown()
	if err != nil {
		c.reply(response{ID: id, Error: err.Error()})
		os.Exit(exitFailed)
	}
	c.reply(response{ID: id, OK: true})
	os.Exit(0)
}

func (c *controller) shutdown() error {
	_, err := c.session.kill(struct{}{})
	if errors.Is(err, errNotStarted) {
		return nil
	}
	return err
}

func (c *controller) reply(r response) {
	line, err := json.Marshal(r)
	if err != nil {
		line, _ = json.Marshal(response{ID: r.ID, Error: fmt.Sprintf("cannot encode the answer: %s", err)})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.out.Write(append(line, '\n')); err != nil {
		// Nobody is listening any more.
		os.Exit(exitFailed)
	}
}

func call[A, R any](raw json.RawMessage, run func(A) (R, error)) (any, error) {
	var args A
	if len(raw) > 0 {
		if err := decodeStrict(raw, &args); err != nil {
			return nil, fmt.Errorf("args are not valid: %w", err)
		}
	}
	return run(args)
}

func decodeStrict(raw []byte, target any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	return decoder.Decode(target)
}
