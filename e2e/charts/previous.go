package charts

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// unreleased is the version that the present chart gets where there is no earlier one.
const unreleased = "0.0.0"

// Previous finds the platform's chart as the release before has it, by the last tag such as v1.2.3 before the present commit, and unpacks it into
// dir. Where the checkout knows of no release, because there was none or it was fetched without tags, it is the present chart under an earlier
// version, whose pods have other images; tag is empty then.
func Previous(ctx context.Context, root, dir string) (chart, tag string, err error) {
	if tag = lastTag(ctx, root); tag == "" {
		pack := exec.CommandContext(ctx, filepath.Join(root, "tools", "package-charts.sh"), unreleased, dir) //nolint:gosec // G204: the project's own script
		if out, err := pack.CombinedOutput(); err != nil {
			return "", "", fmt.Errorf("package the chart as an earlier version: %w: %s", err, out)
		}
		return filepath.Join(dir, filepath.Base(Dir)+"-"+unreleased+".tgz"), "", nil
	}
	archive, err := exec.CommandContext(ctx, "git", "-C", root, "archive", tag, "--", Dir).Output()
	if err != nil {
		return "", "", fmt.Errorf("take the chart of %s: %w", tag, err)
	}
	unpack := exec.CommandContext(ctx, "tar", "-x", "-C", dir)
	unpack.Stdin = bytes.NewReader(archive)
	if out, err := unpack.CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("unpack the chart of %s: %w: %s", tag, err, out)
	}
	return filepath.Join(dir, Dir), tag, nil
}

// lastTag is empty where there is none, or no git, or no history.
func lastTag(ctx context.Context, root string) string {
	out, err := exec.CommandContext(ctx, "git", "-C", root, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD^").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
