package sidecar

import (
	"fmt"
	"log/slog"
)

// engineLogger passes the workflow engine's messages to slog, so that they share our format and
// redaction.
type engineLogger struct{ logger *slog.Logger }

func (l engineLogger) Debug(v ...any)            { l.logger.Debug(fmt.Sprint(v...)) }
func (l engineLogger) Debugf(f string, v ...any) { l.logger.Debug(fmt.Sprintf(f, v...)) }
func (l engineLogger) Info(v ...any)             { l.logger.Info(fmt.Sprint(v...)) }
func (l engineLogger) Infof(f string, v ...any)  { l.logger.Info(fmt.Sprintf(f, v...)) }
func (l engineLogger) Warn(v ...any)             { l.logger.Warn(fmt.Sprint(v...)) }
func (l engineLogger) Warnf(f string, v ...any)  { l.logger.Warn(fmt.Sprintf(f, v...)) }
func (l engineLogger) Error(v ...any)            { l.logger.Error(fmt.Sprint(v...)) }
func (l engineLogger) Errorf(f string, v ...any) { l.logger.Error(fmt.Sprintf(f, v...)) }
