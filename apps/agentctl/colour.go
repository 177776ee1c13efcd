package main

import (
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// colour is how a mark stands out on a terminal.
type colour string

// The colours, of those that every terminal has.
const (
	green  colour = "\x1b[32m"
	red    colour = "\x1b[31m"
	yellow colour = "\x1b[33m"

	plainAgain = "\x1b[0m"
)

// painted is text in the colour, where out is a terminal whose user wants colours.
func painted(cmd *cobra.Command, c colour, text string) string {
	if !wantsColour(onTerminal(cmd.OutOrStdout()), os.Getenv) {
		return text
	}
	return string(c) + text + plainAgain
}

// wantsColour follows https://no-color.org: any text in NO_COLOR takes them away.
func wantsColour(terminal bool, getenv func(string) string) bool {
	return terminal && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// onTerminal tells whether somebody looks at what is written to, or types what is read from, stream.
func onTerminal(stream any) bool {
	file, is := stream.(*os.File)
	return is && term.IsTerminal(int(file.Fd()))
}
