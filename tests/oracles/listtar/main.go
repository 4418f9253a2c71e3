// Lists tar archives as Go's archive/tar gives them to its caller.
//
// In, on stdin, for each archive: its name (u32 big-endian length, bytes), then its bytes (u64 big-endian length, bytes).
// Bytes that begin with 1f 8b are inflated first, all gzip members of them.
// Out, on stdout: one line with the Go version; then for each archive a line for each entry whose content could be read to its end,
//
//	E path typeflag mode uid gid size major minor link sha256 xattrs
//
// and one line `Z name error`. Bytes are in hex, `.` is nothing, and `-` in place of a digest is a content that was not read: a sparse
// file of more than 256 MiB. Entries without content (links, folders, devices, global headers) have no digest.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
)

const (
	unreadBytes  = 256 << 20
	largestName  = 1 << 20
	largestInput = 1 << 32
)

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<16)
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	fmt.Fprintln(out, runtime.Version())
	for {
		out.Flush()
		name, archive, err := frame(in)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "listtar:", err)
			os.Exit(2)
		}
		said := "."
		if err := guarded(archive, out); err != nil {
			said = strconv.Quote(err.Error())
		}
		fmt.Fprintln(out, "Z", text(name), said)
	}
}

// Reads one name and one archive; io.EOF when there is no further frame.
func frame(in *bufio.Reader) (name, archive []byte, err error) {
	if _, err = in.Peek(1); err != nil {
		return nil, nil, err
	}
	if name, err = counted(in, 4, largestName); err == nil {
		archive, err = counted(in, 8, largestInput)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return name, archive, err
}

func counted(in io.Reader, width int, most uint64) ([]byte, error) {
	var length [8]byte
	if _, err := io.ReadFull(in, length[8-width:]); err != nil {
		return nil, err
	}
	count := binary.BigEndian.Uint64(length[:])
	if count > most {
		return nil, fmt.Errorf("a frame of %d bytes", count)
	}
	content := make([]byte, count)
	_, err := io.ReadFull(in, content)
	return content, err
}

func guarded(archive []byte, out io.Writer) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("panic: %v", panicked)
		}
	}()
	return list(archive, out)
}

func list(archive []byte, out io.Writer) error {
	// Nothing that can seek: pullers read from a stream.
	var in io.Reader = struct{ io.Reader }{bytes.NewReader(archive)}
	if bytes.HasPrefix(archive, []byte{0x1f, 0x8b}) {
		inflated, err := gzip.NewReader(bufio.NewReader(in))
		if err != nil {
			return err
		}
		in = inflated
	}
	entries := tar.NewReader(in)
	for {
		header, err := entries.Next()
		if err == io.EOF {
			// The rest of the stream, so that a damaged gzip trailer is seen.
			_, err = io.Copy(io.Discard, in)
			return err
		}
		if err != nil {
			return err
		}
		sum, err := content(header, entries)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "E %s %02x %d %d %d %d %d %d %s %s %s\n",
			text([]byte(header.Name)), header.Typeflag, header.Mode, header.Uid, header.Gid, header.Size,
			header.Devmajor, header.Devminor, text([]byte(header.Linkname)), sum, xattrs(header))
	}
}

// The digest of what Read gives; nothing for the types that have no content.
func content(header *tar.Header, entries io.Reader) (string, error) {
	if header.Size > unreadBytes && isSparse(header) {
		return "-", nil
	}
	digest := sha256.New()
	if _, err := io.Copy(digest, entries); err != nil {
		return "", err
	}
	switch header.Typeflag {
	case tar.TypeLink, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo, tar.TypeXGlobalHeader:
		return ".", nil
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

func isSparse(header *tar.Header) bool {
	if header.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func xattrs(header *tar.Header) string {
	var pairs []string
	for key, value := range header.PAXRecords {
		if name, ok := strings.CutPrefix(key, "SCHILY.xattr."); ok {
			pairs = append(pairs, hex.EncodeToString([]byte(name))+"="+hex.EncodeToString([]byte(value)))
		}
	}
	if len(pairs) == 0 {
		return "."
	}
	return strings.Join(pairs, ",")
}

func text(raw []byte) string {
	if len(raw) == 0 {
		return "."
	}
	return hex.EncodeToString(raw)
}
