package main

import (
	"fmt"
	"os"

	"github.com/intob/godave/logger"
)

// stderrLogger is godave's logger on stderr. godave dereferences the logger it
// is given, so "none" is a logger as well, not nil.
type stderrLogger struct {
	level  logger.LogLevel
	silent bool
	prefix string
}

func newStderrLogger(level string) (*stderrLogger, error) {
	switch level {
	case "", "error":
		return &stderrLogger{level: logger.ERROR}, nil
	case "debug":
		return &stderrLogger{level: logger.DEBUG}, nil
	case "none":
		return &stderrLogger{silent: true}, nil
	}
	return nil, fmt.Errorf("logLevel must be error, debug or none, not %q", level)
}

func (l *stderrLogger) Log(level logger.LogLevel, msg string, args ...any) {
	if l.silent || level > l.level {
		return
	}
	fmt.Fprintf(os.Stderr, "dave%s: %s\n", l.prefix, fmt.Sprintf(msg, args...))
}

func (l *stderrLogger) WithPrefix(prefix string) logger.Logger {
	return &stderrLogger{level: l.level, silent: l.silent, prefix: l.prefix + prefix}
}
