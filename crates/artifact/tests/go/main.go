// Lists tar archives as Go's archive/tar reads them: one JSON line per entry, one per archive at its end.
package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path"
	"sort"
	"strings"
)

type line struct {
	Archive string     `json:"archive"`
	End     bool       `json:"end"`
	Error   string     `json:"error"`
	Type    string     `json:"type"`
	Path    string     `json:"path"`
	Link    string     `json:"link"`
	Mode    int64      `json:"mode"`
	Uid     int        `json:"uid"`
	Gid     int        `json:"gid"`
	Size    int64      `json:"size"`
	Sha256  string     `json:"sha256"`
	Major   int64      `json:"major"`
	Minor   int64      `json:"minor"`
	Xattrs  [][]string `json:"xattrs"`
}

func list(name string, out *json.Encoder) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	var in io.Reader = bufio.NewReader(file)
	if strings.HasSuffix(name, ".gz") {
		if in, err = gzip.NewReader(in); err != nil {
			return err
		}
	}
	archive := tar.NewReader(in)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			// The rest of the stream, so that a damaged gzip trailer is seen.
			_, err = io.Copy(io.Discard, in)
			return err
		}
		if err != nil {
			return err
		}
		digest := sha256.New()
		// Nothing but the holes of sparse files is larger, and these are not compared.
		if header.Size <= 64<<20 {
			if _, err := io.Copy(digest, archive); err != nil {
				return err
			}
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		l := line{Archive: name, Type: string(header.Typeflag), Path: hex.EncodeToString([]byte(path.Clean(header.Name))),
			Mode: header.Mode & 07777, Uid: header.Uid, Gid: header.Gid, Xattrs: [][]string{}}
		switch header.Typeflag {
		case tar.TypeReg:
			l.Size, l.Sha256 = header.Size, hex.EncodeToString(digest.Sum(nil))
		case tar.TypeLink:
			l.Link = hex.EncodeToString([]byte(path.Clean(header.Linkname)))
		case tar.TypeSymlink:
			l.Link = hex.EncodeToString([]byte(header.Linkname))
		case tar.TypeChar, tar.TypeBlock:
			l.Major, l.Minor = header.Devmajor, header.Devminor
		}
		for key, value := range header.PAXRecords {
			if name, ok := strings.CutPrefix(key, "SCHILY.xattr."); ok {
				l.Xattrs = append(l.Xattrs, []string{hex.EncodeToString([]byte(name)), hex.EncodeToString([]byte(value))})
			}
		}
		sort.Slice(l.Xattrs, func(a, b int) bool { return l.Xattrs[a][0] < l.Xattrs[b][0] })
		out.Encode(l)
	}
}

func main() {
	out := json.NewEncoder(os.Stdout)
	for _, name := range os.Args[1:] {
		end := line{Archive: name, End: true}
		if err := list(name, out); err != nil {
			end.Error = err.Error()
		}
		out.Encode(end)
	}
}
