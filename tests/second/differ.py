#!/usr/bin/env python3
"""Compares this solver with the `solve` example of the lineage crate on all worlds of the self-test and on what mutation makes of them.

    cargo build -q -p lasthand-lineage --example solve
    python3 tests/second/differ.py target/debug/examples/solve [--pairs N] [--seed N] [--no-facts]

Mutations: each list member and each optional member removed, each boolean flipped, each number moved, each word of a closed set
replaced, each text replaced by another text found at the same place of another member; then N random pairs of those.
Prints each kind of difference once, on the smallest facts found that show it; exit 1 on any.
"""
import argparse
import copy
import json
import random
import subprocess
import sys

import solver
import worlds

KINDS = ["human", "agent", "automation", "unknown"]
ROLES = ["performer", "author", "pusher", "sponsor"]


def nodes(value, path=()):
    """(path, value) of everything below."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield path + (key,), inner
        yield from nodes(inner, path + (key,))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def changes(document):
    """Single mutations as (path, what, new value); `what` is `drop` or `set`."""
    texts = {}  # by place: the path without list positions
    for path, value in nodes(document):
        if isinstance(value, str):
            texts.setdefault(tuple(k for k in path if isinstance(k, str)), set()).add(value)
    for path, value in nodes(document):
        yield path, "drop", None
        if isinstance(value, bool):
            yield path, "set", not value
        elif isinstance(value, int):
            for v in {value + 1, value - 1, value ^ 0o111, value | 0o4000} if path[-1] == "mode" else {value + 1, value - 1, 0}:
                yield path, "set", v
        elif isinstance(value, str):
            place = tuple(k for k in path if isinstance(k, str))
            words = {"kind": KINDS, "role": ROLES}.get(path[-1], []) if path[-1] != "kind" or value in KINDS else []
            for v in sorted(texts[place] | set(words) - {value}):
                if v != value:
                    yield path, "set", v


def mutate(document, change):
    path, what, value = change
    out = copy.deepcopy(document)
    try:
        parent = at(out, path[:-1])
        if what == "drop":
            del parent[path[-1]]
        else:
            at(out, path)
            parent[path[-1]] = value
    except (KeyError, IndexError, TypeError):
        return None
    return out


def python(document):
    got = solver.answer(json.dumps(document))
    return {"verdict": "error"} if "error" in got else {k: got[k] for k in ("verdict", "findings", "files")}


class Other:
    def __init__(self, command):
        self.command = command

    def many(self, documents):
        """The answers of the other program; a document on which it stops is answered with `crash`."""
        out, rest = [], list(documents)
        while rest:
            text = "".join(json.dumps(d) + "\n" for d in rest)
            run = subprocess.run([self.command], input=text, capture_output=True, text=True, check=False)
            lines = [json.loads(line) for line in run.stdout.splitlines()]
            out += [{"verdict": "error"} if "verdict" not in x else
                    {"verdict": x["verdict"], "findings": sorted(set(x["findings"])), "files": x["files"]} for x in lines]
            rest = rest[len(lines):]
            if rest and run.returncode != 0:
                out.append({"verdict": "crash " + run.stderr.strip()[-200:]})
                rest = rest[1:]
            elif rest:
                raise SystemExit("the other program gave fewer answers than questions")
        return out


def difference(mine, other):
    """What differs, as a key that does not name paths; None when nothing does."""
    if mine == other:
        return None
    if "error" in (mine["verdict"], other["verdict"]) or other["verdict"].startswith("crash"):
        return ("verdict", mine["verdict"], other["verdict"])
    a, b = set(mine["findings"]), set(other["findings"])
    files = sorted({(mine["files"].get(p, "none"), other["files"].get(p, "none")) for p in mine["files"].keys() | other["files"].keys()
                    if mine["files"].get(p) != other["files"].get(p)})
    verdict = (mine["verdict"], other["verdict"]) if mine["verdict"] != other["verdict"] else ()
    return ("verdict", *verdict, "only here", *sorted(a - b), "only there", *sorted(b - a), "files", *files)


def shrink(document, key, other):
    """The document with as many members and list members left out as the difference allows."""
    while True:
        smaller = [mutate(document, (path, "drop", None)) for path, _ in nodes(document)]
        smaller = sorted((d for d in smaller if d is not None and python(d)["verdict"] != "error"), key=lambda d: len(json.dumps(d)))
        better = next((d for d, o in zip(smaller, other.many(smaller)) if difference(python(d), o) == key), None)
        if better is None:
            return document
        document = better


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command")
    parser.add_argument("--pairs", type=int, default=20000)
    parser.add_argument("--share", type=float, default=1.0, help="how many of the single mutations")
    parser.add_argument("--facts", metavar="FILE", help="compare on the documents of FILE, one per line, and nothing else")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-facts", action="store_true", help="name the world and the mutation only")
    options = parser.parse_args()
    sys.setrecursionlimit(100000)
    random.seed(options.seed)
    other, base, seen, kinds, count = Other(options.command), worlds.all_worlds(), set(), {}, 0
    batch = []

    def flush():
        nonlocal count
        for (name, how, document), theirs in zip(batch, other.many(d for _, _, d in batch)):
            count += 1
            mine = python(document)
            key = difference(mine, theirs)
            if key is not None:
                kinds.setdefault(key, []).append((len(how), len(json.dumps(document)), name, how, document))
        batch.clear()

    def ask(name, how, document):
        text = json.dumps(document, sort_keys=True)
        if hash(text) not in seen:
            seen.add(hash(text))
            batch.append((name, how, document))
        if len(batch) >= 2000:
            flush()
    if options.facts:
        with open(options.facts, encoding="utf-8") as file:
            for n, line in enumerate(file):
                ask(f"line {n + 1}", [], json.loads(line))
        base, options.pairs = [], 0
    for name, document in base:
        ask(name, [], document)
        for change in changes(document):
            if random.random() > options.share:
                continue
            mutated = mutate(document, change)
            if python(mutated)["verdict"] != "error" or random.random() < 0.05:
                ask(name, [change], mutated)
    for _ in range(options.pairs):
        name, document = random.choice(base)
        first = random.choice(list(changes(document)))
        mutated = mutate(document, first)
        second = random.choice(list(changes(mutated)))
        mutated = mutate(mutated, second)
        if python(mutated)["verdict"] != "error":
            ask(name, [first, second], mutated)
    flush()
    for key, found in sorted(kinds.items(), key=lambda x: str(x[0])):
        found.sort(key=lambda x: x[:2])
        _, _, name, how, document = found[0]
        print(f"\n{' '.join(map(str, key))}\n  {len(found)} times, first: {name}")
        for path, what, value in how:
            print(f"  {what} {'/'.join(map(str, path))} {'' if value is None else value}")
        if not options.no_facts:
            document = shrink(document, key, other)
        mine, theirs = python(document), other.many([document])[0]
        print(f"  here  {json.dumps(mine)}\n  there {json.dumps(theirs)}")
        if not options.no_facts:
            print(f"  facts {json.dumps(document)}")
    print(f"\n{count} worlds, {sum(map(len, kinds.values()))} differ in {len(kinds)} ways")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
