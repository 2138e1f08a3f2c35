package toolchain

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// unpack puts the programs of a release, which lie in one folder of it, into dir.
func unpack(archive, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making %s: %w", dir, err)
	}
	if strings.HasSuffix(archive, ".zip") {
		return unzip(archive, dir)
	}
	file, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	defer func() { _ = file.Close() }()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("unpacking %s: %w", archive, err)
	}
	entries := tar.NewReader(plain)
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unpacking %s: %w", archive, err)
		}
		if entry.Typeflag != tar.TypeReg {
			continue
		}
		if err := writeProgram(filepath.Join(dir, path.Base(entry.Name)), entries); err != nil {
			return err
		}
	}
}

func unzip(archive, dir string) error {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("unpacking %s: %w", archive, err)
	}
	defer func() { _ = reader.Close() }()
	for _, entry := range reader.File {
		if entry.FileInfo().IsDir() {
			continue
		}
		content, err := entry.Open()
		if err != nil {
			return fmt.Errorf("unpacking %s: %w", archive, err)
		}
		err = errors.Join(writeProgram(filepath.Join(dir, path.Base(entry.Name)), content), content.Close())
		if err != nil {
			return err
		}
	}
	return nil
}

func writeProgram(file string, content io.Reader) error {
	out, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	_, err = io.Copy(out, io.LimitReader(content, archiveLimit))
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("unpacking %s: %w", file, err)
	}
	return nil
}
