package postgrestest

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// fullSize is the record of an archive that says how long a file is, the zeros at its end included. They are left out:
// the log of a new server is little else.
const fullSize = "AIAGENTS.fullsize"

// endMark is the last entry. Without it, an archive whose end a crash has turned into zeros would pass for a short one.
const endMark = "end"

// pack writes the folder into an archive. It knows files and folders, which is all that a stopped cluster is made of.
func pack(to io.Writer, folder string) error {
	archive := tar.NewWriter(to)
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return fmt.Errorf("name %s: %w", path, err)
		}
		switch {
		case entry.IsDir():
			err = archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: filepath.ToSlash(name)})
		case entry.Type().IsRegular():
			err = packFile(archive, path, filepath.ToSlash(name))
		default:
			err = errors.New("neither file nor folder")
		}
		if err != nil {
			return fmt.Errorf("pack %s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("pack %s: %w", folder, err)
	}
	if err := errors.Join(archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: endMark}), archive.Close()); err != nil {
		return fmt.Errorf("finish the archive of %s: %w", folder, err)
	}
	return nil
}

func packFile(archive *tar.Writer, path, name string) error {
	content, err := os.ReadFile(path) // 16 MB at most
	if err != nil {
		return err
	}
	short := bytes.TrimRight(content, "\x00")
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(short))}
	if len(short) < len(content) {
		header.PAXRecords = map[string]string{fullSize: strconv.Itoa(len(content))}
	}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = archive.Write(short)
	return err
}

// unpack puts what pack has packed into the folder, which exists, for the server's user alone.
func unpack(from io.Reader, folder string, id identity) error {
	archive := tar.NewReader(from)
	for {
		header, err := archive.Next()
		if err != nil {
			return fmt.Errorf("read the archive, which has not come to its end: %w", err)
		}
		if header.Name == endMark {
			return nil
		}
		if !filepath.IsLocal(header.Name) {
			return fmt.Errorf("the archive leads out of its folder with %s", header.Name)
		}
		path := filepath.Join(folder, filepath.FromSlash(header.Name))
		if header.Typeflag == tar.TypeDir {
			err = os.Mkdir(path, 0o700)
		} else {
			err = unpackFile(archive, header, path)
		}
		if err == nil {
			err = id.own(path)
		}
		if err != nil {
			return fmt.Errorf("unpack %s: %w", header.Name, err)
		}
	}
}

func unpackFile(archive *tar.Reader, header *tar.Header, path string) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := io.Copy(file, archive); err != nil {
		return err
	}
	record, ok := header.PAXRecords[fullSize]
	if !ok {
		return nil
	}
	size, err := strconv.ParseInt(record, 10, 64)
	if err != nil {
		return fmt.Errorf("read the full size: %w", err)
	}
	return file.Truncate(size)
}
