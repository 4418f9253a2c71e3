#!/usr/bin/env python3
"""Computes leaves and roots of the inventory vectors beside this file, from the specification alone.

    python3 compute.py           compare each vector with what is computed; exit 1 on a difference
    python3 compute.py --write   write the computed members into the vectors

SPEC: docs/predicates/inventory.md; RFC 6962 section 2.1. Standard library only.
Members of a record: bytes as hex, mode as octal text, the other numbers as numbers.
"""

import hashlib
import json
import pathlib
import struct
import sys


def field(data):
    return struct.pack(">I", len(data)) + data


def leaf(record):
    device = record["device"]
    fields = [
        bytes.fromhex(record["path_hex"]),
        record["type"].encode("ascii"),
        record["mode"].encode("ascii"),
        str(record["uid"]).encode("ascii"),
        str(record["gid"]).encode("ascii"),
        str(record["size"]).encode("ascii"),
        bytes.fromhex(record["sha256"]),
        bytes.fromhex(record["link_target_hex"]),
        str(device[0]).encode("ascii") if device else b"",
        str(device[1]).encode("ascii") if device else b"",
    ]
    for name, value in sorted((bytes.fromhex(n), bytes.fromhex(v)) for n, v in record["xattrs_hex"]):
        fields += [name, value]
    return b"".join(field(data) for data in fields)


def merkle(leaves):
    """RFC 6962 section 2.1, word for word: split at the largest power of two smaller than the count."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + merkle(leaves[:split]) + merkle(leaves[split:])).digest()


def compute(vector):
    records = sorted(vector["records"], key=lambda record: bytes.fromhex(record["path_hex"]))
    leaves = [leaf(record) for record in records]
    blob = b"".join(field(data) for data in leaves)
    return {
        "leaves_hex": [data.hex() for data in leaves],
        "blob_sha256": hashlib.sha256(blob).hexdigest(),
        "root": merkle(leaves).hex(),
    }


def main():
    write = sys.argv[1:] == ["--write"]
    different = 0
    for path in sorted(pathlib.Path(__file__).resolve().parent.glob("*.json")):
        vector = json.loads(path.read_text("utf-8"))
        expected = compute(vector)
        if write:
            vector["expected"] = expected
            path.write_text(json.dumps(vector, indent=2, ensure_ascii=False) + "\n", "utf-8")
        same = vector.get("expected") == expected
        different += not same
        print(f"{'ok' if same else 'DIFFERENT'}  {path.name}  {expected['root']}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
