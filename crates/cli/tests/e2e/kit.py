"""Layers and images for the attacks: what a tool on the builder could have been made to do.

    kit.py base OUT            a base image: an OCI layout
    kit.py patch TAR ATTACK    changes a layer
    kit.py more DOCUMENT ATTACK adds a layer to a configuration or manifest
    kit.py index OUT LAYOUT... an OCI layout with one index of the images of other layouts, under made-up platforms
    kit.py large OUT FILES KIB a base image of so many files of so many KiB
    kit.py measure COMMAND...  runs a command with a terminal as standard error; prints its exit code, peak memory and what the
                               terminal saw
"""
import gzip
import hashlib
import io
import json
import os
import pty
import resource
import shutil
import subprocess
import sys
import tarfile

BUSYBOX = b"a program of the base\n"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def entry(name, content=None, kind=tarfile.REGTYPE, mode=0o644, **more):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uname, info.gname = kind, mode, "root", "root"
    info.size = len(content or b"")
    for member, value in more.items():
        setattr(info, member, value)
    return info, content


def base_entries():
    folder = dict(kind=tarfile.DIRTYPE, mode=0o755)
    return [
        entry("bin", **folder), entry("bin/busybox", BUSYBOX, mode=0o755),
        entry("bin/ls", kind=tarfile.LNKTYPE, mode=0o755, linkname="bin/busybox"),
        entry("bin/sh", kind=tarfile.SYMTYPE, mode=0o777, linkname="busybox"),
        entry("bin/su", b"raises\n", mode=0o4755),
        entry("dev", **folder), entry("dev/null", kind=tarfile.CHRTYPE, mode=0o666, devmajor=1, devminor=3),
        entry("etc", **folder), entry("etc/passwd", b"root:x:0:0::/:/bin/sh\n"),
        entry("tmp", kind=tarfile.DIRTYPE, mode=0o1777),
        entry("usr", **folder),
        entry("usr/ping", b"sends\n", mode=0o755, pax_headers={"SCHILY.xattr.user.note": "of the base"}),
    ]


def tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in entries:
            archive.addfile(info, None if content is None else io.BytesIO(content))
    return out.getvalue()


class Layout:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(os.path.join(folder, "blobs/sha256"), exist_ok=True)
        with open(os.path.join(folder, "oci-layout"), "w", encoding="ascii") as file:
            file.write('{"imageLayoutVersion":"1.0.0"}')

    def put(self, content, media_type):
        digest = hashlib.sha256(content).hexdigest()
        with open(os.path.join(self.folder, "blobs/sha256", digest), "wb") as file:
            file.write(content)
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(content)}

    def put_json(self, document, media_type):
        return self.put(json.dumps(document, separators=(",", ":")).encode(), media_type)

    def index(self, manifests):
        with open(os.path.join(self.folder, "index.json"), "w", encoding="ascii") as file:
            json.dump({"schemaVersion": 2, "manifests": manifests}, file, separators=(",", ":"))


class Hashing:
    """A file that digests what passes."""

    def __init__(self, file):
        self.file, self.hash, self.size = file, hashlib.sha256(), 0

    def write(self, content):
        self.hash.update(content)
        self.size += len(content)
        return self.file.write(content)

    def flush(self):
        self.file.flush()


def base(out):
    layout, layer = Layout(out), tar(base_entries())
    shipped = layout.put(gzip.compress(layer, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip")
    image(layout, shipped, hashlib.sha256(layer).hexdigest())


def large(out, files, kib):
    layout, path = Layout(out), os.path.join(out, "layer")
    with open(path, "wb") as file:
        stored = Hashing(file)
        with gzip.GzipFile(fileobj=stored, mode="wb", compresslevel=1, mtime=0) as packed:
            plain = Hashing(packed)
            for at in range(int(files)):
                line = hashlib.sha256(b"%d" % at).digest() * 4
                content = (line * 8)[:1024] * int(kib)
                info, _ = entry(f"usr/lib/p{at // 100:04}/f{at:06}", content)
                plain.write(info.tobuf(tarfile.USTAR_FORMAT))
                plain.write(content + bytes(-len(content) % 512))
            plain.write(bytes(1024))
    digest = stored.hash.hexdigest()
    os.rename(path, os.path.join(out, "blobs/sha256", digest))
    media_type = "application/vnd.oci.image.layer.v1.tar+gzip"
    image(layout, {"mediaType": media_type, "digest": "sha256:" + digest, "size": stored.size}, plain.hash.hexdigest())


def image(layout, shipped, diff_id):
    config = layout.put_json({
        "architecture": "amd64", "os": "linux",
        "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff_id]},
    }, "application/vnd.oci.image.config.v1+json")
    layout.index([layout.put_json({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [shipped]}, MANIFEST)])


ADDED = {
    "layer": [entry("usr/bin/miner", b"mines\n", mode=0o755)],
    "device": [entry("dev/mem", kind=tarfile.CHRTYPE, mode=0o640, devmajor=1, devminor=1)],
    "whiteout": [entry("etc/.wh.passwd", b"")],
    "opaque": [entry("bin/.wh..wh..opq", b"")],
    "elsewhere": [entry("etc/cron.d/a.txt", b"hello, one and all\n")],
    "empty": [entry("etc/ld.so.preload", b"")],
    "base-binary": [entry("usr/bin/login", BUSYBOX, mode=0o755)],
    "base-replaced": [entry("bin/busybox", b"another program\n", mode=0o755)],
    "base-hardlink": [entry("usr/bin/greet-base", kind=tarfile.LNKTYPE, mode=0o755, linkname="bin/busybox")],
}
# In a layer of their own.
LAYERS = {
    "new-layer": ADDED["layer"],
    "whiteout-covered": [entry("usr/share/greet/.wh.note.txt", b"")],
}
CHANGED = {
    "replace": ("usr/share/greet/a.txt", dict(content=b"another text\n")),
    "old-file": ("usr/share/greet/a.txt", dict(content=b"hello, one and all\n")),
    "setuid": ("usr/bin/greet", dict(mode=0o4755)),
    "owner": ("usr/bin/greet", dict(uid=1000)),
    "capability": ("usr/bin/greet", dict(pax_headers={"SCHILY.xattr.security.capability": "\x01\x00\x00\x02"})),
}


def patch(path, attack):
    with tarfile.open(path) as archive:
        entries = [(info, archive.extractfile(info).read() if info.isreg() else None) for info in archive.getmembers()]
    name, changes = CHANGED.get(attack, (None, {}))
    for at, (info, content) in enumerate(entries):
        if info.name == name:
            content = changes.get("content", content)
            info.size = len(content)
            for member, value in changes.items():
                if member != "content":
                    setattr(info, member, value)
            entries[at] = info, content
    with open(path, "wb") as file:
        file.write(tar(entries + ADDED.get(attack, [])))


def more(path, attack):
    """Puts one more layer into a configuration or manifest that is about to be digested."""
    layer = tar(LAYERS[attack])
    shipped = gzip.compress(layer, mtime=0)
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    if "rootfs" in document:
        document["rootfs"]["diff_ids"].append("sha256:" + hashlib.sha256(layer).hexdigest())
    else:
        media_type = "application/vnd.oci.image.layer.v1.tar+gzip"
        document["layers"].append(Layout("image").put(shipped, media_type))
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, separators=(",", ":"))


def index(out, layouts):
    layout, members = Layout(out), []
    for at, other in enumerate(layouts):
        shutil.copytree(os.path.join(other, "blobs"), os.path.join(out, "blobs"), dirs_exist_ok=True)
        with open(os.path.join(other, "index.json"), encoding="utf-8") as file:
            manifest = json.load(file)["manifests"][0]
        architecture = ["amd64", "arm64", "s390x"][at]
        members.append({**manifest, "platform": {"os": "linux", "architecture": architecture}})
    media_type = "application/vnd.oci.image.index.v1+json"
    layout.index([layout.put_json({"schemaVersion": 2, "mediaType": media_type, "manifests": members}, media_type)])


def measure(command):
    terminal, child = pty.openpty()
    process = subprocess.Popen(command, stderr=child, stdout=subprocess.DEVNULL)
    os.close(child)
    seen = b""
    while True:
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        if not more:
            break
        seen = (seen + more)[-65536:]
    code = process.wait()
    kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"code": code, "peak_kib": kib, "seen": seen.decode(errors="replace")}))


if __name__ == "__main__":
    {"base": base, "large": large, "measure": lambda *command: measure(command), "more": more, "patch": patch, "index": lambda out, *layouts: index(out, layouts)}[sys.argv[1]](*sys.argv[2:])
