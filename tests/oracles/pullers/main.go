// Pullers as an oracle: what the programs that unpack images leave on a disk.
//
// In: a line of JSON for each image, the paths of its layers, plain tar archives, lowest first. The argument is a folder to work in.
// Out: a line of JSON for each image: puller -> its error, or what lies at each path. Needs root: moby and containers/storage unpack into
// a root of their own, and overlay is mounted.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	containerd "github.com/containerd/containerd/v2/pkg/archive"
	storage "github.com/containers/storage/pkg/archive"
	moby "github.com/moby/go-archive"
)

// Node is what lies at one path; names are in hex.
type Node struct {
	Path   string `json:"path"`
	Type   string `json:"type"`
	Mode   uint32 `json:"mode"`
	Size   int64  `json:"size"`
	Link   string `json:"link"`
	SHA256 string `json:"sha256"`
}

// Answer is what one puller made of one image.
type Answer struct {
	Error string `json:"error"`
	Nodes []Node `json:"nodes"`
}

// A puller unpacks layers below a folder, and says where the tree is.
type puller func(layers []string, folder string) (string, error)

func main() {
	// Pullers set modes by themselves.
	syscall.Umask(0)
	pullers := map[string]puller{
		"containerd":         inPlace(applyContainerd),
		"moby":               inPlace(applyMoby),
		"containers/storage": inPlace(applyStorage),
		"overlay":            overlay,
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var layers []string
		must(json.Unmarshal(lines.Bytes(), &layers))
		answers := map[string]Answer{}
		for name, unpack := range pullers {
			answers[name] = ask(unpack, layers)
		}
		line, err := json.Marshal(answers)
		must(err)
		fmt.Println(string(line))
	}
	must(lines.Err())
}

func ask(unpack puller, layers []string) Answer {
	folder, err := os.MkdirTemp(os.Args[1], "image")
	must(err)
	defer os.RemoveAll(folder)
	root, err := unpack(layers, folder)
	if err != nil {
		return Answer{Error: err.Error()}
	}
	defer syscall.Unmount(root, syscall.MNT_DETACH)
	nodes, err := walk(root)
	must(err)
	return Answer{Nodes: nodes}
}

// Each layer over the ones before, in one folder.
func inPlace(apply func(root string, layer io.Reader) error) puller {
	return func(layers []string, folder string) (string, error) {
		for _, layer := range layers {
			if err := one(layer, folder, apply); err != nil {
				return "", err
			}
		}
		return folder, nil
	}
}

func one(layer, root string, apply func(root string, layer io.Reader) error) error {
	file, err := os.Open(layer)
	must(err)
	defer file.Close()
	return apply(root, file)
}

func applyContainerd(root string, layer io.Reader) error {
	_, err := containerd.Apply(context.Background(), root, layer)
	return err
}

func applyMoby(root string, layer io.Reader) error {
	return rooted(root, func() error {
		_, err := moby.UnpackLayer("/", layer, &moby.TarOptions{})
		return err
	})
}

func applyStorage(root string, layer io.Reader) error {
	return rooted(root, func() error {
		_, err := storage.UnpackLayer("/", layer, &storage.TarOptions{})
		return err
	})
}

// Each layer in a folder of its own, laid over each other by the kernel, as Docker's overlay2 does.
func overlay(layers []string, folder string) (string, error) {
	below := filepath.Join(folder, "below")
	root := filepath.Join(folder, "root")
	must(os.Mkdir(below, 0o755))
	must(os.Mkdir(root, 0o755))
	// Overlay wants two lower folders at least.
	lower := []string{below}
	for number, layer := range layers {
		own := filepath.Join(folder, fmt.Sprint(number))
		must(os.Mkdir(own, 0o755))
		err := one(layer, own, func(root string, layer io.Reader) error {
			options := &moby.TarOptions{WhiteoutFormat: moby.OverlayWhiteoutFormat}
			return rooted(root, func() error { return moby.Unpack(layer, "/", options) })
		})
		if err != nil {
			return "", err
		}
		lower = append([]string{own}, lower...)
	}
	return root, syscall.Mount("overlay", root, "overlay", 0, "lowerdir="+strings.Join(lower, ":"))
}

// Runs with a folder as the root, and comes back.
func rooted(root string, run func() error) error {
	before, err := os.Open("/")
	must(err)
	defer before.Close()
	must(syscall.Chroot(root))
	must(os.Chdir("/"))
	defer func() {
		must(before.Chdir())
		must(syscall.Chroot("."))
	}()
	return run()
}

func walk(root string) ([]Node, error) {
	nodes := []Node{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		// Overlay lists names that it does not find.
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || path == root {
			return err
		}
		var stat syscall.Stat_t
		if err := syscall.Lstat(path, &stat); errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		node := Node{Path: hex.EncodeToString([]byte(relative)), Mode: stat.Mode & 0o7777}
		switch {
		case entry.IsDir():
			node.Type = "directory"
		case entry.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			node.Type, node.Mode, node.Link = "symlink", 0, hex.EncodeToString([]byte(target))
		case entry.Type().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			digest := sha256.Sum256(content)
			node.Type, node.Size, node.SHA256 = "file", stat.Size, hex.EncodeToString(digest[:])
		default:
			node.Type = "other"
		}
		nodes = append(nodes, node)
		return nil
	})
	return nodes, err
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
