#!/usr/bin/env python3
"""A second solver of docs/rules.md, written from the page alone.

Everything is recomputed until nothing changes; methods are named after the rule names in bold, section by section, so
that page and program can be read side by side. Where the page is open, the comment `READING:` says what was chosen.

    solver.py FILE.json...    one answer per file
    solver.py --check DIR     runs each vector of DIR, prints differences, exit 1 on any
    solver.py --stdin         one facts document per line, one answer per line
"""
import glob as globbing
import json
import os
import hashlib
import re
import sys
from functools import lru_cache

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # root of the empty inventory
LABELS = {  # in the order in which they are taken away
    "agent-marks": "LH105", "unpinned-input": "LH305", "inputs-not-bounded": "LH304",
    "sha1-join": "LH211", "presence-unproven": "LH108", "solo": "LH109"}
LOCKS = set("Cargo.lock package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml go.sum poetry.lock uv.lock Pipfile.lock "
            "requirements.txt Gemfile.lock composer.lock gradle.lockfile Dockerfile Containerfile flake.lock".split())
INTERPRETERS = "sh bash dash perl python3 node".split()
RELEASERS = {"build", "package", "sign", "publish", "promote"}

# ---------------------------------------------------------------------------------------------- the facts document

# name:type; `?` may be absent (None), `=` has a default. Types: str int bool digest git, words a|b, [T], {T}, {digest T}, a record, <sum>.
STEP_KINDS = "edit|merge|fetch|build|test|package|sign|publish|promote|configure"
KINDS = "human|agent|automation|unknown"
LABEL_WORDS = "|".join(LABELS)
LIST_KINDS = "revocation|withdrawal|released"
METHODS = "key|fulcio-ci|fulcio-email|x509-svid|x509|jwt-svid|ssh|wit-svid|ssh-sk|webauthn|openpgp"
ENTRY_TYPES = "file|directory|symlink|hardlink|char-device|block-device|fifo|whiteout|opaque-whiteout|submodule|config"
RECORDS = {
    "facts": "facts_version:int now:int question:question preset:preset trust:trust statements=[statement] inventories={digest,[entry]} "
             "indexes={digest,[member]} locks={digest,[pin]} pointers={digest,digest} images={digest,image} configs={digest,{<value>}}",
    "question": "product:str digest:digest index?digest artifact_name?str target?str",
    "preset": f"name:str reviewer_level:int approver_level:int builder_level:int allow_labels:[{LABEL_WORDS}] require_lists:[{LIST_KINDS}] "
              "human_duties:bool refuse_reverted:bool credential_seconds?int revocations_seconds?int require_credential:bool report_only=bool",
    "trust": "accept_simulated=bool identities=[identity] groups=[group] persons=[person] products=[product] robots=[robot] waivers=[waiver] "
             "trusted_inputs=[trusted]",
    "identity": f"method:{METHODS} principal:str kind:{KINDS} max_level:int may=[str] where=[str] products=[str] observer=[str] "
                "inputs=bounded|declared isolated=bool custody?personal|isolated actors_complete=bool",
    "group": "principal:str keys:[str] threshold:int",
    "person": "name:str accounts:[str]",
    "product": "name:str repositories:[str] refs:[str] builders=[str] artifacts=[str] parameters={str} required=[required] "
               "onboarding=[source] solo=bool",
    "required": f"action:{STEP_KINDS} target?str",
    "robot": "principal:str paths:[str] sponsorless=bool",
    "waiver": f"finding:{LABEL_WORDS} products:[str] reason:str expires:int",
    "trusted": "digest:digest as:str products:[str] expires:int",
    "tree": "root?digest git_tree?git git_commit?git",
    "source": "repository:str tree:tree",
    "signer": f"method:{METHODS} principal:str presence=bool time?int",
    "statement": "digest:digest signers:[signer] simulated=bool credential?credential body:<body>",
    "credential": "digest:digest issued:int expires:int task?str",
    "actor": f"role:performer|initiator|on-behalf-of|approver|author|co-author|sponsor|pusher principal:str kind:{KINDS} method:str sponsor?str",
    "landing": "repository:str target_ref:str from?tree to:tree prev?digest merge_of?merge authors=[actor] authors_complete=bool export_ignore=[str]",
    "merge": "head:tree base:tree mode:str result:tree",
    "review": "repository:str target_ref:str base?tree head:tree scope:[str] reviewer:actor authors=[actor] authors_complete=bool marks=[str]",
    "edit": "repository:str to:tree actors:[actor] marks=[str]",
    "step": f"kind:{STEP_KINDS} only_on_success=bool materials=[<material>] products:[named] instructions=[named] parameters={{str}}",
    "named": "name:str digest:digest mode?int",
    "external": "uri:str name?str digest?digest",
    "step_actor": f"labels:digest kind:{STEP_KINDS} product?str actors:[actor] actors_complete=bool instructions=[named] parameters={{str}} "
                  "materials_bound=lower|upper|exact materials_gaps=[str] success?bool path_map=[rule] marks=[str]",
    "rule": "from:str to:str",
    "act": f"action:{STEP_KINDS} product:str digest:digest target?str actors:[actor] actors_complete=bool marks=[str]",
    "approval": "action:str product:str digest:digest target?str approver:actor parameters={str} authors=[actor] authors_complete=bool reason=str "
                "expires?int marks=[str]",
    "list": f"kind:{LIST_KINDS} scope:str issued_at:int fresh_until:int sequence:int entries=[<list_entry>]",
    "identity_entry": "principal:str from?int until?int",
    "released_entry": "target_ref:str digest:digest",
    "source_vsa": "repository:str tree:tree passed:bool",
    "other": "predicate_type:str subjects:[named]",
    "entry": f"path:str type:{ENTRY_TYPES} mode:int uid=int gid=int sha256?digest link_target=str device?[int] xattrs={{str}}",
    "member": "digest:digest platform:str",
    "pin": "name:str digest:digest",
    "image": "config:digest layers:[layer] annotated=bool",
    "layer": "digest?digest diff_id:digest",
}
SUMS = {
    "body": {k: k for k in "landing review edit step step_actor act approval list source_vsa other".split()},
    "material": {"tree": "source", "file": "named", "external": "external"},
    "list_entry": {"credential": "digest", "identity": "identity_entry", "statement": "digest", "artifact": "digest",
                   "released": "released_entry"},
    "value": {"sha256": "digest", "removed": "str"},
}
FIELDS = {name: [re.match(r"(\w+)([:?=])(.+)", field).groups() for field in text.split()] for name, text in RECORDS.items()}


class Malformed(Exception):
    """The document is not a facts document."""


class Record(dict):
    """A record whose members are read as attributes (`from_`, `as_` for `from`, `as`)."""
    __slots__ = ()

    def __getattr__(self, name):
        return self[name.rstrip("_")]


def read(kind, value, at="facts"):
    """Reads `value` as `kind`; members that are not known are errors, defaults are filled in."""
    def fail(what):
        raise Malformed(f"{at}: {what}")
    if kind in FIELDS:
        if not isinstance(value, dict):
            fail("not an object")
        unknown = set(value) - {name for name, _, _ in FIELDS[kind]}
        if unknown:
            fail(f"unknown members {sorted(unknown)}")
        record = Record()
        for name, need, inner in FIELDS[kind]:
            if name in value and not (need == "?" and value[name] is None):
                record[name] = read(inner, value[name], f"{at}.{name}")
            elif need == ":":
                fail(f"no {name}")
            else:
                record[name] = None if need == "?" else [] if inner[0] == "[" else {} if inner[0] == "{" else \
                    {"bool": False, "int": 0, "str": ""}.get(inner, inner.split("|")[0])
        return record
    if kind[0] == "[":
        return [read(kind[1:-1], v, f"{at}[{i}]") for i, v in enumerate(value)] if isinstance(value, list) else fail("not a list")
    if kind[0] == "{":
        if not isinstance(value, dict):
            fail("not an object")
        key, _, inner = kind[1:-1].rpartition(",")
        out = {read(key or "str", k, at): read(inner, v, f"{at}.{k}") for k, v in value.items()}
        return out if len(out) == len(value) else fail("one key twice")
    if kind[0] == "<":
        words = SUMS[kind[1:-1]]
        if kind == "<value>" and value == "removed":
            return "removed", None
        if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in words:
            fail(f"not exactly one of {sorted(words)}")
        (word, inner), = value.items()
        return word, read(words[word], inner, f"{at}.{word}")
    if kind in ("str", "int", "bool"):
        return value if type(value) is {"str": str, "int": int, "bool": bool}[kind] else fail(f"not {kind}")
    if kind == "digest":
        text = value[7:] if isinstance(value, str) and value.startswith("sha256:") else value
        return text if isinstance(text, str) and re.fullmatch("[0-9a-f]{64}", text) else fail("not a digest")
    if kind == "git":
        return value if isinstance(value, str) and re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", value) else fail("not a git id")
    return value if isinstance(value, str) and value in kind.split("|") else fail(f"not one of {kind}")


def read_facts(document):
    facts = read("facts", document)
    if facts.facts_version != 1:
        raise Malformed("facts_version is not 1")
    once, false = {}, set()
    for s in facts.statements:
        if once.setdefault(s.digest, s) != s:
            false.add(s.digest)  # two different statements of one digest: neither is known
    facts["statements"] = [s for s in once.values() if s.digest not in false]
    facts["inventories"] = {root: entries for root, entries in facts.inventories.items() if len({e.path for e in entries}) == len(entries)}
    return facts


@lru_cache(maxsize=None)
def glob_pattern(pattern):
    out = "".join(".*" if t == "**" else "[^/]*" if t == "*" else re.escape(t) for t in re.findall(r"\*\*|\*|[^*]+", pattern))
    return re.compile(out, re.S)


def glob(pattern, text):
    return glob_pattern(pattern).fullmatch(text) is not None


def any_glob(patterns, text):
    return any(glob(p, text) for p in patterns)


class World:
    """The conclusions from one facts document under one set of allowed labels."""

    def __init__(self, facts, allowed):
        self.f, self.allowed = facts, allowed
        self.now, self.preset, self.trust, self.q = facts.now, facts.preset, facts.trust, facts.question
        self.d, self.name = facts.question.digest, facts.question.product
        rows = [p for p in self.trust.products if p.name == self.name]
        self.P = rows[0] if len(rows) == 1 else None
        self.product = self.P or read("product", {"name": self.name, "repositories": [], "refs": []})
        self.memo = {}
        self.known = [s for s in facts.statements if self.pairs(s)]
        self.entries = [e for b, _, _ in self.effective_lists("revocation") + self.effective_lists("withdrawal") for e in b.entries]
        self.solve_landings()
        self.solve_steps()

    def once(self, key, make):
        if key not in self.memo:
            self.memo[key] = make()
        return self.memo[key]

    def of_type(self, *types):
        """The known statements of a type: (statement, body)."""
        return [(s, s.body[1]) for s in self.known if s.body[0] in types]

    # ------------------------------------------------------------------------------------------ 1. Words

    def kind(self, principal, stated):
        rows = {r.kind for r in self.trust.identities if glob(r.principal, principal)}
        if stated == "agent" or "agent" in rows:
            return "agent"
        if "automation" in rows or (stated == "automation" and any(r.principal == principal for r in self.trust.robots)):
            return "automation"
        if "human" in rows and stated in ("human", "unknown"):
            return "human"
        return "unknown" if stated == "automation" else stated

    def human(self, actor):
        """Stated human, and human."""
        return actor.kind == "human" and self.kind(actor.principal, actor.kind) == "human"

    @staticmethod
    def level(signer, row):
        if signer.method in ("ssh-sk", "webauthn"):
            level = 4 if signer.presence else 2
        elif signer.method in ("key", "x509", "openpgp", "ssh"):
            good = (row.custody, row.kind) in (("personal", "human"), ("isolated", "automation"))
            level = 3 if good else 2
        elif signer.method in ("fulcio-ci", "x509-svid", "wit-svid"):
            level = {"automation": 4 if row.isolated else 3, "agent": 4}.get(row.kind, 2)
        else:
            level = 2
        return min(level, row.max_level)

    def person(self, principal):
        """The accounts of the person, or nothing. READING: rows are one person also through a third row."""
        return next((p for p in self.once("persons", self.all_persons) if principal in p), None)

    def all_persons(self):
        out = []
        for row in self.trust.persons:
            one = frozenset(row.accounts).union(*(p for p in out if p & set(row.accounts)))
            out = [p for p in out if not p & one] + [one]
        return out

    def pairs(self, s):
        return [(g, r) for g in s.signers for r in self.trust.identities if g.method == r.method and glob(r.principal, g.principal)]

    def candidates(self, s):
        return [(g, r) for g, r in self.pairs(s) if not self.gone(s, g)]

    def of_kind(self, pair):
        """The kind of a pair."""
        agent = any(r.kind == "agent" and glob(r.principal, pair[0].principal) for r in self.trust.identities)
        return "agent" if agent else pair[1].kind

    def revoked_person(self, s, principal):
        """Revoked people: at the earliest time of the statement's signers."""
        times = [g.time for g in s.signers]
        return self.revoked(principal, None if None in times else min(times, default=None))

    @staticmethod
    def spoken_of(s):
        """Those of whom a statement speaks and who must not be revoked (a landing's pushers are asked in `pushers`)."""
        word, b = s.body
        people = {"review": lambda: [b.reviewer], "approval": lambda: [b.approver]}
        performers = lambda: [a for a in b.actors if a.role == "performer"]  # noqa: E731
        return [a.principal for a in people.get(word, performers if word in ("act", "step_actor") else lambda: [])()]

    # ------------------------------------------------------------------------------------------ 2. Which statements count

    def effective_lists(self, kind):
        """(body, statement, pairs that sign it)"""
        out = []
        for s, body in self.of_type("list"):
            signed = [pair for pair in self.pairs(s) if "list" in pair[1].may and any_glob(pair[1].products, self.name)
                      and self.of_kind(pair) != "agent"]
            if body.kind == kind and glob(body.scope, self.name) and signed and self.simulated(s):
                out.append((body, s, signed))
        return out

    def current_list(self, kind):
        """READING: the signer who is not revoked is one by whom the list is effective."""
        now = [(b, s) for b, s, signed in self.effective_lists(kind)
               if b.issued_at <= self.now and ("statement", s.digest) not in self.entries and any(not self.gone(s, g) for g, _ in signed)]
        return min(now, default=(None, None), key=lambda x: (-x[0].sequence, x[1].digest))[0]

    def simulated(self, s):
        return not s.simulated or self.trust.accept_simulated

    def revoked(self, principal, t):
        return any(word == "identity" and glob(e.principal, principal)
                   and (t is None or e.from_ is None or e.from_ <= t) for word, e in self.entries)

    def gone(self, s, signer):
        """Whether a signer is revoked: by name, or as a group that lost too many of the keys that signed."""
        if self.revoked(signer.principal, signer.time):
            return True
        for group in self.trust.groups:
            if group.principal == signer.principal:
                signed = [g for g in s.signers if g.method == "key" and g.principal in group["keys"]]
                left = {g.principal for g in signed if not self.revoked(g.principal, g.time)}
                if any(self.revoked(g.principal, g.time) for g in signed) and len(left) < group.threshold:
                    return True
        return False

    def revocation(self, s):
        gone = ("statement", s.digest) in self.entries or (s.credential and ("credential", s.credential.digest) in self.entries)
        return bool(self.candidates(s)) and not gone and not any(self.revoked_person(s, x) for x in self.spoken_of(s))

    def credential(self, s):
        c = s.credential
        if c is None:
            return not (self.preset.require_credential and s.body[0] in ("step_actor", "act"))
        longest = self.preset.credential_seconds
        return (all(c.issued <= (self.now if g.time is None else g.time) < c.expires for g, _ in self.candidates(s))
                and (longest is None or c.expires - c.issued <= longest)
                and not any(o.credential and o.credential.digest == c.digest and o.credential.task != c.task for o in self.known))

    def unusable(self, s):
        """The findings that make a known statement not usable."""
        return self.once(("unusable", s.digest), lambda: {i for i, ok in (
            ("LH103", self.simulated(s)), ("LH007", self.revocation(s)), ("LH107", self.credential(s))) if not ok})

    def usable(self, s):
        return not self.unusable(s)

    # ------------------------------------------------------------------------------------------ 3. Landings and cover

    def tree(self, repository, ref, always=False):
        """The inventory root of a tree reference, or None; `always`: where it can only take cover away."""
        if ref is None or ref.root is not None:
            return ref and ref.root
        word = "git_commit" if ref.git_tree is None else "git_tree"
        if ref[word] is None or not (always or "sha1-join" in self.allowed):
            return None
        roots = self.once("git roots", self.git_roots).get((repository, word, ref[word]), set())
        return next(iter(roots)) if len(roots) == 1 else None

    def is_stated(self, repository, ref):
        """Whether a known landing names this git id."""
        word = "git_commit" if ref.git_tree is None else "git_tree"
        return ref[word] is not None and any(
            x and x.root and x[word] == ref[word] for _, b in self.of_type("landing") if b.repository == repository for x in (b.from_, b.to))

    def git_roots(self):
        roots = {}
        for s, b in self.of_type("landing"):
            merge = [b.merge_of.head, b.merge_of.base, b.merge_of.result] if b.merge_of else []
            for ref in [b.from_, b.to] + merge if self.landing_authority(s, b) else []:
                for word in ("git_tree", "git_commit"):
                    if ref and ref.root and ref[word]:
                        roots.setdefault((b.repository, word, ref[word]), set()).add(ref.root)
        return roots

    def inventory(self, root):
        """Entries by path, or None when not known."""
        if root == EMPTY:
            return {}
        if root not in self.f.inventories:
            return None
        return self.once(("inventory", root), lambda: {e.path: e for e in self.f.inventories[root]})

    @staticmethod
    def same(a, b):
        if a is None or b is None:
            return a is b
        nothing = (a.type == "file" and a.sha256 is None) or (a.type == "submodule" and not a.link_target)
        return not nothing and all(a[k] == b[k] for k in ("type", "mode", "sha256", "link_target"))

    def landing_authority(self, s, b):
        return [(g, r) for g, r in self.candidates(s) if self.usable(s) and "landing" in r.may and any_glob(r.where, b.repository)
                and self.of_kind((g, r)) != "agent" and self.level(g, r) >= self.preset.builder_level
                and all(a.method in r.observer for a in b.authors)]

    def our_ref(self, b):
        return b.repository in self.product.repositories and any_glob(self.product.refs, b.target_ref)

    def solve_landings(self):
        self.all_landings = {}  # known ones
        for s, b in self.of_type("landing"):
            A = EMPTY if b.from_ is None else self.tree(b.repository, b.from_)
            self.all_landings[s.digest] = Record(digest=s.digest, s=s, b=b, A=A, B=self.tree(b.repository, b.to),
                                                 signed=self.landing_authority(s, b))
        self.landings = {k: L for k, L in self.all_landings.items() if L.signed and self.our_ref(L.b) and L.A is not None and L.B is not None}
        self.reviews = self.of_type("review")
        self.W = {r: {EMPTY} | self.anchors(r) for r in self.product.repositories}
        self.U, self.settled = {}, set()  # settled: landings whose own(L) is {}
        for L in self.landings.values():
            L["changed"] = self.changed_paths(L)
            L["approved"] = {p for p in L.changed or () if self.approved(L, p)}
        changing = True
        while changing:
            changing = False
            for L in self.landings.values():
                W = self.W[L.b.repository]
                own, merged = self.own(L), self.recomputed_merge(L)
                U = set() if L.B in W else own
                joins = U == set() or self.whole_tree_review(L) or merged
                if (own == set() or merged) and L.digest not in self.settled:
                    self.settled.add(L.digest)
                    changing = True
                if joins and L.B is not None and L.B not in W:
                    W.add(L.B)
                    U = set()
                    changing = True
                if U is not None and self.U.get(L.digest) != U:
                    self.U[L.digest] = U
                    changing = True

    def anchors(self, repository):
        """onboarding, source-vsa"""
        out = {self.tree(repository, o.tree) for o in self.product.onboarding if o.repository == repository}
        said = [(b.passed, self.tree(repository, b.tree, not b.passed)) for s, b in self.of_type("source_vsa") if b.repository == repository
                and self.usable(s) and any(
                    self.of_kind((g, r)) == "automation" and "vsa" in r.may and any_glob(r.where, repository)
                    and self.level(g, r) >= self.preset.builder_level for g, r in self.candidates(s))]
        return (out | {x for passed, x in said if passed and (False, x) not in said}) - {None}

    def prev(self, L, among):
        K = among.get(L.b.prev)
        ok = K and K.b.repository == L.b.repository and K.b.target_ref == L.b.target_ref and K.B is not None and K.B == L.A
        return K if ok else None

    def base(self, L):
        """Paths of `from` that are not covered, or None when that is not known."""
        if L.A is not None and L.A in self.W[L.b.repository]:
            return set()
        K = self.prev(L, self.landings)
        return self.U.get(K.digest) if K else None

    def changed_paths(self, L):
        a, b = self.inventory(L.A), self.inventory(L.B)
        return None if a is None or b is None else {p for p in a.keys() | b.keys() if not self.same(a.get(p), b.get(p))}

    def review_level(self, s, r):
        """review-authority: the best level, or None."""
        levels = []
        for g, row in self.candidates(s):
            if "review" in row.may and any_glob(row.where, r.repository):
                kind = self.of_kind((g, row))
                if g.principal == r.reviewer.principal and kind == "human":
                    levels.append(self.level(g, row))
                if r.reviewer.method in row.observer and kind != "agent":
                    levels.append(min(3, self.level(g, row)))
        return max(levels, default=None)

    def reviewer_human(self, r):
        return self.human(r.reviewer) and self.person(r.reviewer.principal) is not None

    def reviewer_good(self, s, r):
        """Usable, review-authority, reviewer-human, reviewer-marks, reviewer-level."""
        level = self.review_level(s, r)
        return (self.usable(s) and level is not None and self.reviewer_human(r) and (not r.marks or level == 4)
                and level >= self.preset.reviewer_level and (level >= 4 or "presence-unproven" in self.allowed))

    def fault(self, s, r):
        """The first that fails of a usable and authorised review; marks, human, level, presence, sha1-join."""
        level = self.review_level(s, r)
        tests = (("LH104", not r.marks or level == 4), ("LH207", self.reviewer_human(r)), ("LH207", level >= self.preset.reviewer_level),
                 ("LH108", level >= 4 or "presence-unproven" in self.allowed), ("LH211", not self.unjoined(r)))
        return next((finding for finding, ok in tests if not ok), None)

    def target_ref(self, r, L):
        return r.repository == L.b.repository and (r.target_ref == L.b.target_ref or any_glob(self.product.refs, r.target_ref))

    def joined(self, r):
        """Whether review r needs the label sha1-join."""
        return r.head.root is None or (r.base is not None and r.base.root is None)

    def review_trees(self, r):
        return self.tree(r.repository, r.base, True), self.tree(r.repository, r.head, True)

    def binding(self, r, L, always=True):
        """T1 or T2 by trees alone, else None; `always`: also by references that need a label which is not allowed."""
        base, head = self.review_trees(r)
        if head is None or L.A is None or L.B is None or (not always and self.unjoined(r)):
            return None
        if head == L.B and (base == L.A if r.base else L.b.from_ is None):
            return "T1"
        return "T2" if r.base and base is not None and self.merge3(L, base, head, always) else None

    def unjoined(self, r):
        return self.joined(r) and "sha1-join" not in self.allowed

    def merge3(self, L, base, head, always=False):
        a, o, h, b = (self.inventory(t) for t in (L.A, base, head, L.B))
        if None in (a, o, h, b):
            return False
        m = L.b.merge_of
        observed = m and all(root is not None and self.tree(L.b.repository, ref, always) == root
                             for ref, root in ((m.head, head), (m.base, base), (m.result, L.B)))
        for p in a.keys() | o.keys() | h.keys() | b.keys():
            x, y, z = a.get(p), o.get(p), h.get(p)
            if self.same(z, y) or self.same(x, z):
                right = self.same(x, b.get(p))
            elif self.same(x, y):
                right = self.same(z, b.get(p))
            else:
                right = observed
            if not right:
                return False
        return True

    def holds(self, s, r, L):
        """review-binding. A walk that comes back to where it is counts as held, so that review-once fails there."""
        key = ("holds", s.digest, L.digest)
        if key not in self.memo:
            self.memo[key] = True
            self.memo[key] = self.reviewer_good(s, r) and self.target_ref(r, L) and self.bound_once(s, r, L)
        return self.memo[key]

    def bound_once(self, s, r, L):
        binding = self.binding(r, L, False)
        return binding is not None and self.review_once(s, r, L, binding)

    def review_once(self, s, r, L, binding):
        M, seen, base = L, {L.digest}, self.review_trees(r)[0]
        starts = L.A == base
        while M.b.prev is not None:
            M = self.prev(M, self.landings)
            if M is None or M.digest in seen:
                return binding == "T1"
            if self.holds(s, r, M):
                return False
            seen.add(M.digest)
            starts = starts or M.A == base
        return starts or binding == "T1"

    def authors(self, L):
        """Authors of L, pooled: principal -> (kind, principals it stands for)."""
        return self.once(("authors", L.digest), lambda: self.pool(L, self.author_entries(L)[0]))

    def sponsor(self, principal, stated):
        """Whether a principal may be a sponsor: of kind human, and known as one by a row or a person row."""
        row = any(r.kind == "human" and glob(r.principal, principal) for r in self.trust.identities)
        return self.kind(principal, stated) == "human" and bool(row or self.person(principal))

    def entry_of(self, a, marks=()):
        """An entry of an author as it counts: principal, kind, sponsors. One with marks and stated human is a borrowed identity."""
        borrowed = bool(marks) and a.kind == "human"
        sponsors = {x for x in (a.sponsor, a.principal if borrowed else None) if x}
        return Record(principal=a.principal, kind="agent" if borrowed else self.kind(a.principal, a.kind), borrowed=borrowed,
                      sponsors=sponsors, sponsored=any(self.sponsor(x, "human") for x in sponsors))

    @staticmethod
    def unsponsored(entries):
        return {a.principal for a in entries if a.kind in ("agent", "unknown") and not a.sponsored}

    def author_entries(self, L):
        entries = [self.entry_of(a) for a in L.b.authors]
        bound = [r for _, r in self.reviews if self.binding(r, L)]
        trees = {L.B, L.b.merge_of and self.tree(L.b.repository, L.b.merge_of.head, True)} | {self.review_trees(r)[1] for r in bound}
        for r in bound:
            entries += [self.entry_of(a) for a in r.authors]
        for _, e in self.of_type("edit"):
            if e.repository == L.b.repository and self.tree(e.repository, e.to, True) in trees - {None}:
                for a in e.actors:
                    if a.role in ("performer", "author", "co-author", "pusher", "sponsor"):
                        entries.append(self.entry_of(a, e.marks))
        return entries, any(a.borrowed for a in entries)

    def pool(self, L, entries):
        """One with an entry that lacks a sponsor stands for the entries with role sponsor in L.authors."""
        out, order = {}, ["agent", "unknown", "automation", "human"]
        others = {x for a in L.b.authors if a.role == "sponsor" for x in (a.principal, a.sponsor) if x}
        for a in entries:
            kind, stands = out.get(a.principal, ("human", frozenset([a.principal])))
            out[a.principal] = min(kind, a.kind, key=order.index), stands | a.sponsors | (others if self.unsponsored([a]) else set())
        return out

    def authors_complete(self, L):
        sponsors = any(a.role == "sponsor" and self.sponsor(a.principal, a.kind) for a in L.b.authors)
        lone = {r.principal for r in self.trust.robots if r.sponsorless}
        return L.b.authors_complete and bool(L.b.authors) and (sponsors or self.unsponsored(self.author_entries(L)[0]) <= lone)

    def agent_touched(self, L):
        return any(kind in ("agent", "unknown") for kind, _ in self.authors(L).values())

    def changes(self, r, p):
        base, head = self.review_trees(r)
        head, base = self.inventory(head), self.inventory(base) if r.base else {}
        return head is not None and base is not None and not self.same(base.get(p), head.get(p))

    def pushers(self, L):
        """Answerers among the authors of L."""
        best = max((self.level(g, r) for g, r in L.signed), default=0)
        own = {g.principal: self.level(g, r) for g, r in L.signed}
        return [self.person(a.principal) for a in L.b.authors if a.role == "pusher" and self.authors(L)[a.principal][0] == "human"
                and self.person(a.principal) and own.get(a.principal, min(3, best)) >= 3
                and not self.revoked_person(L.s, a.principal)]

    def independence(self, authors, S, others):
        """Whether reviews S (and the persons `others`) answer each author; includes solo."""
        persons = [self.person(r.reviewer.principal) for _, r in S] + others
        solo = [self.person(r.reviewer.principal) for s, r in S if self.review_level(s, r) == 4] \
            if self.product.solo and "solo" in self.allowed else []
        return bool(S) and all(any(not stands & p for p in persons) or any(self.person(x) == p for p in solo for x in stands)
                               for _, stands in authors.values())

    def answered(self, L, p):
        S = [(s, r) for s, r in self.reviews if self.holds(s, r, L) and any_glob(r.scope, p) and self.changes(r, p)]
        return self.independence(self.authors(L), S, self.pushers(L))

    def duties(self, authors, p):
        bad = {"automation", "agent", "unknown"} | ({"human"} if self.preset.human_duties and not self.product.solo else set())
        for x, (kind, _) in authors.items():
            releases = any(glob(r.principal, x) and RELEASERS & set(r.may) and any_glob(r.products, self.name) for r in self.trust.identities)
            if kind in bad and releases and not any(b.principal == x and any_glob(b.paths, p) for b in self.trust.robots):
                return False
        return True

    def approved(self, L, p):
        return self.authors_complete(L) and self.duties(self.authors(L), p) and self.answered(L, p)

    def base_covered(self, L, p, base):
        a, b = self.inventory(L.A), self.inventory(L.B)
        return p not in a or p not in base or p not in b or any(  # heal
            self.same((self.inventory(X) or {}).get(p), b[p]) for X in self.W[L.b.repository])

    def own(self, L):
        """U(L) as if no tree were in W by another landing or merge, or None."""
        base = self.base(L)
        if base is None or L.changed is None:
            return None
        return {p for p in base if p not in L.changed} | {
            p for p in L.changed if p not in L.approved or not self.base_covered(L, p, base)}

    def whole_tree_review(self, L):
        return self.once(("whole tree", L.digest), lambda: self.find_whole_tree_review(L))

    def find_whole_tree_review(self, L):
        tree = self.inventory(L.B) if L.B else None
        if L.changed is None or not self.authors_complete(L):
            return False
        for s, r in self.reviews:
            if (r.base is None and self.review_trees(r)[1] == L.B and not self.unjoined(r) and self.reviewer_good(s, r)
                    and self.target_ref(r, L) and all(any_glob(r.scope, p) for p in tree) and r.authors_complete and r.authors):
                named = [self.entry_of(a) for a in r.authors]
                authors = self.pool(L, self.author_entries(L)[0] + named)  # READING: kinds and sponsors are pooled over both
                if (not self.unsponsored(named) and all(self.duties(authors, p) for p in tree) and self.independence(authors, [(s, r)], [])):
                    return True
        return False

    def recomputed_merge(self, L):
        m, W, repo = L.b.merge_of, self.W[L.b.repository], L.b.repository
        if m is None or m.mode != "merge" or L.A is None or L.B is None or self.tree(repo, m.result) != L.B:
            return False
        head, base = self.tree(repo, m.head), self.tree(repo, m.base)
        return {L.A, base, head} <= W and self.merge3(L, base, head) and self.head_landed(L, base, head)

    def way_back(self, L):
        """A landing and those before it, as far as they are found; and whether the last one states none before it."""
        walk = [L]
        while walk[-1].b.prev is not None:
            M = self.prev(walk[-1], self.landings)
            if M is None or any(M is K for K in walk):
                return walk, False
            walk.append(M)
        return walk, True

    def merged(self, L, always):
        m = L.b.merge_of
        return self.tree(L.b.repository, m.head, always) if m is not None and m.mode == "merge" else None

    def head_landed(self, L, base, head):
        own, whole = self.way_back(L)
        froms, before = {M.A for M in own}, {self.merged(M, True) for M in own[1:]} - {None}
        if not whole or base not in froms | before:
            return False
        for K in self.landings_of(L.b.repository, head):
            for M in self.way_back(K)[0] if K.b.target_ref != L.b.target_ref else []:
                if M.B in before or M.digest not in self.settled or self.comes_again(M, own):
                    break
                if self.merged(M, False) == base:
                    return True
                if self.merged(M, True) in froms:
                    break
                if M.b.from_ is not None and M.A == base:
                    return True
        return False

    def comes_again(self, M, own):
        """A review that holds for M holds before the merge (own[0]), too, and the merge changes what M changes."""
        again = any(self.holds(s, r, M) and self.holds(s, r, N) for s, r in self.reviews for N in own[1:])
        return again and bool(set(M.changed or ()) & set(own[0].changed or ()))

    def landings_of(self, repository, root, among=None):
        return [L for L in (self.landings if among is None else among).values()
                if root is not None and L.B == root and L.b.repository == repository]

    def tree_covered(self, repository, root):
        return root in self.W.get(repository, ()) and bool(self.landings_of(repository, root))

    # ------------------------------------------------------------------------------------------ 4. Steps

    def solve_steps(self):
        self.steps = [(s, b) for s, b in self.of_type("step") if b.kind in ("build", "package")]
        self.faithful = set()  # (statement digest, product name, product digest)
        changing = self.P is not None
        while changing:
            changing = False
            for s, b in self.steps:
                for n in b.products:
                    key = (s.digest, n.name, n.digest)
                    if key not in self.faithful and self.is_faithful(s, b, n):
                        self.faithful.add(key)
                        changing = True

    def is_faithful(self, s, b, n):
        return any(not self.own_findings(s, b, n, pair, l) and all(self.clean(m, b, pair[1]) for m in b.materials)
                   for pair in self.candidates(s) for l in self.own_labels(s) or [None])

    def labels(self, s):
        return self.once(("labels", s.digest), lambda: [(x, l) for x, l in self.of_type("step_actor") if l.labels == s.digest])

    def own_labels(self, s):
        return self.once(("own labels", s.digest), lambda: sorted(
            ((x, l) for x, l in self.labels(s) if self.usable(x) and self.owners(s, self.candidates(x))), key=lambda pair: pair[0].digest))

    def lost_labels(self, s):
        """Labels that would be own if they were usable."""
        return sorted(((x, l) for x, l in self.labels(s) if not self.usable(x) and self.owners(s, self.pairs(x))), key=lambda pair: pair[0].digest)

    def owners(self, s, pairs):
        """The pairs of a label of s by which it is own."""
        builders = {pair[0].principal for pair in self.authorised(s)} or {g.principal for g in s.signers}
        return [(g, r) for g, r in pairs if g.principal in builders or (
            self.of_kind((g, r)) == "automation" and "step" in r.observer and s.body[1].kind in r.may and any_glob(r.products, self.name)
            and self.level(g, r) >= self.preset.builder_level)]

    def authorised(self, s):
        """READING: a step that is not usable is judged under its rows all the same, so that only that is found."""
        return [pair for pair in self.candidates(s) if self.step_authority(s, s.body[1], pair)]

    def step_authority(self, s, b, pair):
        return (pair is not None and self.of_kind(pair) == "automation" and b.kind in pair[1].may
                and any_glob(pair[1].products, self.name) and any_glob(self.product.builders, pair[0].principal)
                and all(any_glob(pair[1].where, m.repository) for word, m in b.materials if word == "tree"))

    def trees(self, b):
        """Tree materials as (repository, resolved root, reference)."""
        return [(m.repository, self.tree(m.repository, m.tree), m.tree) for word, m in b.materials if word == "tree"]

    def performer_levels(self, s, x, actors):
        """For each performer, the level at which label x shows him. READING: by the signers by whom it is own."""
        return [max([self.level(g, r) for g, r in self.owners(s, self.candidates(x)) if g.principal == a.principal]
                    + [min(3, self.level(g, r)) for g, r in self.owners(s, self.candidates(x)) if a.method in r.observer], default=0)
                for a in actors if a.role == "performer"]

    def own_findings(self, s, b, n, pair, label):
        """The findings of section 4 that fail, save materials-clean, for product n under a candidate pair and a label."""
        key = ("own", s.digest, n.name, n.digest, pair and (pair[0].principal, id(pair[1])), label and label[0].digest)
        return self.once(key, lambda: self.find_own(s, b, n, pair, label))

    def find_own(self, s, b, n, pair, label):
        x, l = label or (None, None)
        g, row = pair or (None, None)
        out = set(self.unusable(s))

        def need(finding, ok):
            if not ok:
                out.add(finding)
        trees = self.trees(b)
        need("LH307", b.kind in ("build", "package") and (l is None or l.kind == b.kind))  # step-kind
        if not self.unusable(s):  # step-authority
            need("LH101", self.step_authority(s, b, pair))
        need("LH110", row is None or self.level(g, row) >= self.preset.builder_level)  # step-level
        need("LH002", l.product == self.name if l is not None and l.product is not None  # step-product
             else all(any_glob(self.product.artifacts, k.name) for k in b.products))
        if l is not None:  # performers
            need("LH309", l.actors_complete and any(a.role == "performer" for a in l.actors))
        else:
            need("LH309", row is not None and row.actors_complete and not self.lost_labels(s))
        need("LH308", all(self.kind(a.principal, a.kind) == "automation"  # automation-only
                          for _, o in self.labels(s) for a in o.actors if a.role == "performer"))
        if l is not None:
            need("LH308", all(level >= self.preset.builder_level for level in self.performer_levels(s, x, l.actors)))
        need("LH105", "agent-marks" in self.allowed or not any(o.marks for _, o in self.labels(s)))  # no-marks
        need("LH310", (l.success is True if l is not None and l.success is not None else b.only_on_success)  # success
             and not any(o.success is False for _, o in self.labels(s)))
        need("LH301", b.materials)  # has-materials
        need("LH302", self.instructions(b.instructions + (l.instructions if l is not None else []), b))
        named = {i.name for i in b.instructions + (l.instructions if l is not None else [])}
        commands = named | {f"{x} {i}" for x in INTERPRETERS for i in named}
        need("LH303", all((k == "command" and v in commands) or self.parameter(k, v, trees, b)
                          for k, v in list(b.parameters.items()) + list(l.parameters.items() if l is not None else [])))
        one = {repo: [root for r2, root, _ in trees if r2 == repo] for repo, _, _ in trees}
        need("LH311", all(len(roots) == 1 or (len(set(roots)) == 1 and roots[0]) for roots in one.values()))  # one-revision
        need("LH212", all(repo in self.product.repositories for repo, _, _ in trees))  # source-mapped
        bound = l is not None and l.materials_bound in ("upper", "exact") and not l.materials_gaps
        need("LH304", bound or (row is not None and row.inputs == "declared" and "inputs-not-bounded" in self.allowed))  # bounded
        if b.kind == "package":  # package-compare
            out |= self.package_compare(s, b, l, n.digest)[0]
        need("LH107", l is not None or not self.preset.require_credential)
        return out

    def instructions(self, named, b):
        """READING: that the tree is covered is left to materials-clean, which judges the tree by itself."""
        tools = {t.digest for t in self.trusted_rows() if t.as_ == "toolchain"}
        return bool(named) and all(n.digest in tools or self.own_entry(n, b) is not None for n in named)

    def parameter(self, name, value, trees, b):
        fixed = self.product.parameters
        if name in fixed and glob(fixed[name], value):
            return True
        for repo, root, ref in trees:
            refs = {L.b.target_ref for L in self.landings_of(repo, root)}
            if value in {repo, root, ref.git_tree} | refs:
                return True
        return any(a.parameters.get(name) == value for n in b.products for _, a in self.approvals("parameters", n.digest))

    # ------------------------------------------------------------------------------------------ 5. Clean materials

    def trusted_rows(self):
        return [t for t in self.trust.trusted_inputs if any_glob(t.products, self.name) and t.expires > self.now]

    def trusted_input(self, digest, used_as=None):
        return any(t.digest == digest and (used_as is None or t.as_ in used_as) for t in self.trusted_rows())

    def pins(self, name, digest, b, formats=LOCKS):
        """(repository, root, path) of each lock file that pins a name to a digest: by tree material, then path"""
        full, last = [], []
        for repo, root, _ in self.trees(b):
            for path in sorted(self.inventory(root) or {}):
                e = self.inventory(root)[path]
                if name is not None and path.split("/")[-1] in formats and e.sha256 in self.f.locks:
                    names = {pin.name for pin in self.f.locks[e.sha256] if pin.digest == digest}
                    full += [(repo, root, path)] if name in names else []
                    last += [(repo, root, path)] if name.split("/")[-1] in names else []
        return [at for _, tree, _ in self.trees(b) for at in full + last if at[1] == tree] if full or last else []

    def pinned(self, name, digest, b, formats=LOCKS):
        return bool(self.pins(name, digest, b, formats))

    def from_pin(self, name, digest, b, formats=LOCKS):
        """The answer of the entry that pins something."""
        return self.from_place(b, *self.pins(name, digest, b, formats)[0])

    def from_place(self, b, repository, root, path):
        """The answer of an entry of a source tree; of a submodule's it is only as clean as what places that."""
        links = sorted(self.gitlinks(b, (repository, root)))
        places = [(repository, root, path)] + [(*at, link) for at, link in links if not self.gitlinks(b, at)]
        return next((a for a in (self.from_tree(*p) for p in places) if a != "clean"), "clean")

    def fetched(self, name, digest):
        return "unpinned-input" in self.allowed and any(
            b.kind == "fetch" and self.usable(s) and any(n.name == name and n.digest == digest for n in b.products)
            and any(self.of_kind((g, r)) == "automation" and self.level(g, r) >= self.preset.builder_level and "fetch" in r.may
                    and any_glob(r.products, self.name) for g, r in self.candidates(s))
            and not any(l.success is False or l.marks or any(
                a.role == "performer" and self.kind(a.principal, a.kind) in ("agent", "unknown") for a in l.actors)
                for _, l in self.labels(s)) for s, b in self.of_type("step"))

    def gitlinks(self, b, place):
        """submodule: (place, path) of each entry of another tree of the step that is a commit of this one"""
        commits = {ref.git_commit for repo, root, ref in self.trees(b) if (repo, root) == place and ref.git_commit}
        return {((repo, root), path) for repo, root, _ in self.trees(b) if root is not None and (repo, root) != place
                for path, e in (self.inventory(root) or {}).items() if e.type == "submodule" and e.link_target in commits}

    def in_place(self, n, b):
        """(repository, root, path) of each file entry that lies where a file material does and may be it"""
        out = []
        places = {(repo, root) for repo, root, _ in self.trees(b) if root is not None}
        if len(places) > 1 and any(self.inventory(root) is None for _, root in places):
            return []
        for repo, root, _ in self.trees(b):
            links = self.gitlinks(b, (repo, root)) if root is not None else ()
            folders = [path + "/" for at, path in sorted(links) if not self.gitlinks(b, at)] if links else [""]
            for path in (n.name[len(f):] for f in folders if n.name.startswith(f)):
                e = (self.inventory(root) or {}).get(path)
                if e is not None and e.type == "file" and not (n.mode or 0) & 0o111 & ~e.mode:
                    out.append((repo, root, path, e.sha256))
        return out

    def own_entry(self, n, b):
        return next(((repo, root, path) for repo, root, path, digest in self.in_place(n, b) if digest == n.digest), None)

    def pointer(self, n, b):
        return next(((repo, root, path) for repo, root, path, digest in self.in_place(n, b)
                     if digest in self.f.pointers and self.f.pointers[digest] == n.digest), None)

    def pinned_file(self, n, b):
        return self.pinned(n.name, n.digest, b) or self.pointer(n, b) is not None

    def from_outside(self, m, b):
        """trusted-input, pinned or fetched: of a file"""
        return self.trusted_input(m.digest) or self.pinned_file(m, b) or self.fetched(m.name, m.digest)

    def product_of_step(self, m, b):
        """The faithful steps that made a file out of no tree but those of the step that reads it."""
        trees = {(repo, root) for repo, root, _ in self.trees(b)}
        return [f for f in self.faithful if f[1:] == (m.name, m.digest)
                and {(repo, root) for s, k in self.steps if s.digest == f[0] for repo, root, _ in self.trees(k)} <= trees]

    def clean(self, material, b, row):
        word, m = material
        if word == "tree":
            return self.tree_covered(m.repository, self.tree(m.repository, m.tree))
        if word == "file":
            return self.own_entry(m, b) is not None or self.from_outside(m, b) or bool(self.product_of_step(m, b))
        if m.digest is None:
            return False
        return self.trusted_input(m.digest) or self.pinned(m.name, m.digest, b) or \
            self.fetched(m.uri if m.name is None else m.name, m.digest) or \
            (row is not None and "fetch" in row.may and "unpinned-input" in self.allowed)

    # ------------------------------------------------------------------------------------------ 6. Acceptance

    def goal(self, d):
        return self.P is not None and (self.made(d) or self.index(d))

    def made(self, d):
        """The ways of goal that are no index."""
        return bool(self.proving(d)) or bool(self.source_archive(d))

    def proving(self, d):
        """Faithful (statement digest, name, digest) that prove d."""
        return sorted(f for f in self.faithful if f[2] in self.image_names(d) and self.well_named(f[1]))

    def image_names(self, d):
        return {d} | ({self.f.images[d].config} if d in self.f.images and not self.f.images[d].annotated else set())

    def container(self, d):
        """The key of `inventories` for a product."""
        others = sorted(k for k, i in self.f.images.items() if i.config == d and not i.annotated and k in self.f.inventories)
        return d if d in self.f.inventories else (others or [d])[0]

    def well_named(self, name):
        return not self.product.artifacts or any_glob(self.product.artifacts, name) or any_glob(self.product.artifacts, name.split("/")[-1])

    def index(self, d):
        members = self.index_members(d)
        return bool(members) and all(self.made(m) for m in members)

    def index_members(self, d):
        return sorted({m.digest for m in self.f.indexes.get(d, []) if m.platform != "unknown/unknown"})

    def source_trees(self, d):
        """Source trees of the proof. READING: of a step, else of every source archive; behind it every faithful step counts."""
        out, todo, seen = set(), [], set()

        for x in [d] if self.made(d) else self.index_members(d):
            if self.proving(x):
                todo.append(self.proving(x)[0])
            else:
                out.update(self.source_archive(x))
        while todo:
            step = todo.pop()
            if step not in seen:
                seen.add(step)
                b = next(b for s, b in self.steps if s.digest == step[0])
                out.update((repo, root) for repo, root, _ in self.trees(b))
                todo += [f for word, m in b.materials if word == "file" for f in self.product_of_step(m, b)]
        return out

    def required_acts(self):
        return all(any(self.act_meets(s, b, q) for s, b in self.of_type("act")) for q in self.product.required)

    def act_meets(self, s, b, q):
        if not (self.usable(s) and b.action == q.action and b.product == self.name and b.digest == self.d
                and (q.target or self.q.target) in (None, b.target) and b.actors_complete and not b.marks):
            return False
        performers = [a for a in b.actors if a.role == "performer"]
        for g, r in self.candidates(s):
            if b.action in r.may and any_glob(r.products, self.name) and self.of_kind((g, r)) != "agent" and performers:
                def good(a):
                    own, seen = a.principal == g.principal, a.method in r.observer
                    level = self.level(g, r) if own else min(3, self.level(g, r))
                    need = {"automation": self.preset.builder_level, "human": self.preset.approver_level}.get(self.kind(a.principal, a.kind))
                    return (own or seen) and need is not None and level >= need
                if all(good(a) for a in performers):
                    return True
        return False

    def withdrawn(self):
        gone = {self.d, self.q.index} - {None} | {m.digest for m in self.f.indexes.get(self.d, [])}
        gone |= {self.f.images[x].config for x in gone if x in self.f.images}
        gone |= {n.digest for _, b in self.steps for n in b.products for k in b.products if k.digest in gone and k.name == n.name}
        return not any(word == "artifact" and x in gone for kind in ("revocation", "withdrawal") for b, _, _ in self.effective_lists(kind) for word, x in b.entries)

    def rollback(self):
        """READING: of two lists of the highest sequence the one with the smallest digest."""
        issued = [(b, s) for b, s, _ in self.effective_lists("released") if b.issued_at <= self.now]
        last = min(issued, default=(None, None), key=lambda x: (-x[0].sequence, x[1].digest))[0]
        for body in (self.current_list("released"), last):
            digests = [e.digest for word, e in body.entries if word == "released" and (
                e.target_ref == "" or any_glob(self.product.refs, e.target_ref))] if body else []
            if digests and not self.image_names(self.d) & set(digests):
                return False
        return True

    def lists(self):
        current = [(kind, self.current_list(kind)) for kind in self.preset.require_lists]
        return all(b is not None and self.now <= b.fresh_until and self.is_young(kind, b) for kind, b in current)

    def is_young(self, kind, body):
        """Whether a list of revocations is not older than the preset allows."""
        longest = self.preset.revocations_seconds
        return kind != "revocation" or longest is None or self.now - body.issued_at <= longest

    def reverted(self):
        """Whether nothing was reverted."""
        for repo, root in self.source_trees(self.d):
            landings = self.landings_of(repo, root)
            if root in self.anchors(repo) or any(self.whole_tree_review(L) for L in landings):
                continue
            if any(L.b.from_ is not None and not self.recomputed_merge(L) and self.own(L) for L in landings):
                return False
        return True

    def approvals(self, action, digest, other=False):
        """approval: the valid ones for the product and this digest (or, with `other`, another one)."""
        may, out = {"exception": "exception", "parameters": "approve"}[action], []
        for s, b in self.of_type("approval"):
            a = b.approver
            if (b.action == action and self.usable(s) and b.product == self.name and (b.digest == digest) != other
                    and self.human(a) and self.person(a.principal) and not b.marks
                    and (b.expires is None or b.expires > self.now)
                    and any(may in r.may and any_glob(r.products, self.name) and g.principal == a.principal and self.of_kind((g, r)) == "human"
                            and self.level(g, r) >= self.preset.approver_level for g, r in self.candidates(s))):
                out.append((s, b))
        return out

    def exception(self):
        touched = set()
        for _, b in self.of_type("landing", "edit"):
            if b.repository in self.product.repositories:
                actors = b.authors if "authors" in b else \
                    [a for a in b.actors if a.role in ("performer", "author", "co-author", "pusher", "sponsor")]
                touched |= {x for a in actors for x in (a.principal, a.sponsor)}
        persons = []
        for _, b in self.approvals("exception", self.d):
            own = {x for a in b.authors for x in (a.principal, a.sponsor)}
            person = self.person(b.approver.principal)
            if (b.target == self.q.target and b.reason and b.expires is not None and b.authors_complete and b.authors
                    and not person & (own | touched)):
                persons.append(person)
        return any(not p & q for p in persons for q in persons)

    def names(self, d, name):
        """Whether anything names d."""
        for s in self.known:
            word, b = s.body
            digests = [n.digest for n in b.products] if word == "step" else [n.digest for n in b.subjects] if word == "other" \
                else [b.digest] if word in ("act", "approval") else []
            if d in digests or (word == "step" and self.image_names(d) & set(digests)):
                return True
        return bool(self.named(name)) or d in self.f.indexes or bool(self.near_match(d))

    def named(self, name):
        """Build and package steps with a product of that file name."""
        return self.steps_with(lambda n: name is not None and n.name.split("/")[-1] == name)

    def decide(self):
        if self.P is None:
            return "refused", {"LH002"}
        proven = self.goal(self.d)
        acts, lists, withdrawn, rollback = self.required_acts(), self.lists(), self.withdrawn(), self.rollback()
        reverted = self.reverted()
        notes = self.notes() | (set() if withdrawn else {"LH008"})
        rest = proven and acts and withdrawn and rollback and (reverted or not self.preset.refuse_reverted)
        if proven:
            notes |= {i for i, ok in (("LH005", acts), ("LH006", lists), ("LH004", rollback), ("LH210", reverted)) if not ok}
        if rest and lists:
            return "accepted", notes
        named = self.names(self.d, self.q.artifact_name)
        if not proven:
            notes |= self.artifact_findings(self.d, self.q.artifact_name) if named else {"LH001"}
        verdict = "refused" if not withdrawn else "exception" if self.exception() else "undecided" if rest or not named else "refused"
        return verdict, notes

    def notes(self):
        out = {"LH104"} if any(self.author_entries(L)[1] for L in self.landings.values()) else set()
        return out | ({"LH009"} if self.approvals("exception", self.d, other=True) else set())

    # ------------------------------------------------------------------------------------------ 7. Comparing containers

    @staticmethod
    def neutral(e):
        return e.uid == e.gid == 0 and not e.xattrs and e.device is None and (e.type == "symlink" or e.mode & 0o7002 == 0)

    def namespace(self, b):
        """Material path -> (type, sha256, link target, mode, origin), or None when a tree's inventory is not known."""
        out = {}
        for repo, root, _ in self.trees(b):
            tree = self.inventory(root)
            if tree is None:
                return None
            if self.gitlinks(b, (repo, root)):
                continue
            out.update({p: (e.type, e.sha256, e.link_target, e.mode, ("tree", repo, root)) for p, e in tree.items()
                        if e.type not in ("submodule", "directory")})
        below = dict(out)
        out.update({m.name: ("tool" if self.is_tool(m, b) else "file", m.digest, "", m.mode, ("file", m)) for word, m in b.materials
                    if word == "file" and not (m.name in below and below[m.name][1] == m.digest)})
        return out

    def is_tool(self, m, b):
        return self.trusted_input(m.digest) and not self.pinned_file(m, b) and not self.trusted_input(m.digest, {"dependency"})

    @staticmethod
    def misplaced(path, entries):
        """Whether a path is below an entry that is not a directory."""
        parts = path.split("/")
        above = (entries.get("/".join(parts[:i])) for i in range(1, len(parts)))
        return any(e is not None and e.type != "directory" for e in above)

    @staticmethod
    def map_path(rule, path):
        sides = [side == "" or side.endswith("/") for side in (rule.from_, rule.to)]
        if sides == [False, False]:
            return rule.to if path == rule.from_ else None
        return rule.to + path[len(rule.from_):] if sides == [True, True] and path.startswith(rule.from_) else None

    def package_compare(self, s, b, l, d):
        """(findings, findings by path, expected path -> material path and material)"""
        return self.once(("compare", s.digest, d, id(l)), lambda: self.compare(b, l, d))

    @staticmethod
    def from_registry(m):
        """Whether an external is an image."""
        return m.digest is not None and m.uri.startswith(("pkg:docker/", "pkg:oci/", "docker://", "docker-image://", "oci:"))

    def givers(self, b):
        """(images, layers): digests of what the step may put an image on"""
        layers = {m.digest for word, m in b.materials if word in ("file", "external") and self.trusted_input(m.digest, {"base"})}
        return {m.digest for word, m in b.materials if word == "external" and self.from_registry(m) and (
            m.digest in layers or self.pinned(m.name, m.digest, b, {"Dockerfile", "Containerfile"}))}, layers

    def images_of(self, x):
        """The image of a digest and of the members of an index."""
        members = [m.digest for m in self.f.indexes.get(x, []) if m.platform != "unknown/unknown"]
        return [self.f.images[k] for k in [x] + members if k in self.f.images]

    @staticmethod
    def below(base, image):
        """The number of lowest layers of an image that are those of a base; None when it has others."""
        ids, own = [l.diff_id for l in base.layers], [l.diff_id for l in image.layers]
        return len(ids) if ids == own[:len(ids)] else None

    def bases(self, b, d):
        """(k, config) for each way in which an image may stand on what is a base, the most layers first"""
        image, (images, layers) = self.f.images[d], self.givers(b)
        starts = {(0, None)} | {(self.below(i, image), i.config) for x in images for i in self.images_of(x) if self.below(i, image) is not None}
        ways = set()
        for k, config in starts:
            ways.add((k, config))
            while k < len(image.layers) and layers & {image.layers[k].diff_id, image.layers[k].digest}:
                k += 1
                ways.add((k, config))
        ways = sorted(ways, key=lambda way: (way[0], way[1] is not None, way[1] or ""), reverse=True)[:32]
        return ways if (0, None) in ways else ways + [(0, None)]

    @staticmethod
    def chain(layers):
        out = layers[0].diff_id
        for layer in layers[1:]:
            out = hashlib.sha256(f"sha256:{out} sha256:{layer.diff_id}".encode()).hexdigest()
        return out

    def inherited(self, b, l, d, space):
        """For each way, Path -> ("base", entry) or ("field", digest, origin) that no map places, or None when its documents are not known.
        None when what states the configuration is not known."""
        if d not in self.f.images:
            return [(0, {})]
        stated = {}
        for rule in l.path_map:
            if rule.to == "config:" and rule.from_ in space and space[rule.from_][0] in ("file", "tool"):
                if space[rule.from_][0] == "tool" or space[rule.from_][1] not in self.f.configs:
                    return None
                found = self.f.configs[space[rule.from_][1]]
                stated = {**{f: (v, (rule.from_, space[rule.from_])) for f, v in found.items()}, **stated}
        return [(k, self.on_base(d, k, config, stated)) for k, config in self.bases(b, d)]

    def on_base(self, d, k, config, stated):
        base = self.f.inventories.get(self.chain(self.f.images[d].layers[:k])) if k else []
        if base is None or len({e.path for e in base}) < len(base) or config is not None and config not in self.f.configs:
            return None
        inherits = {f: (v, None) for f, v in self.f.configs.get(config, {}).items() if f.split("/")[0] not in stated}
        fields = {**inherits, **stated}
        out = {e.path: ("base", e) for e in base}
        out.update({f"config:{f}": ("field", value, origin) for f, ((word, value), origin) in fields.items() if word == "sha256"})
        return out

    def compare(self, b, l, d):
        space, d = self.namespace(b), self.container(d)
        failed = "LH407" if l is None or not l.path_map else "LH408" if d not in self.f.inventories or space is None else None
        if failed:
            return {failed}, {}, None
        ways = self.inherited(b, l, d, space)
        answers = [(k, ({"LH408"}, {}, None) if way is None else self.compare_on(l, d, space, way)) for k, way in ways or [(0, None)]]
        most = [a for k, a in answers if k == answers[0][0]]
        out = next((a for _, a in answers if not a[0]), next((a for a in most if a[2] is not None), most[0]))
        if out[0] and out[2] is not None and d in self.f.images:
            image, images = self.f.images[d], self.givers(b)[0]
            if any(word == "external" and self.from_registry(m) and m.digest not in images and any(self.below(i, image) for i in self.images_of(m.digest))
                   for word, m in b.materials):
                out = (out[0] | {"LH305"},) + out[1:]
        return out

    def compare_on(self, l, d, space, inherited):
        expected = {}
        for rule in l.path_map:
            for path in sorted(space) if rule.to != "config:" else []:
                target = self.map_path(rule, path)
                if target is not None:
                    expected.setdefault(target, (path, space[path]))
        if d in self.f.images:
            expected = {path: x for path, x in expected.items() if not path.startswith("config:")}
        product, by_path = {e.path: e for e in self.f.inventories[d]}, {}
        for path, e in product.items():
            bad = {"LH401"} if e.type != "config" and self.misplaced(path, product) else set()
            if path in inherited and path not in expected:
                want = inherited[path][1]
                if inherited[path][0] == "field":
                    bad |= set() if e.type == "config" and e.sha256 == want else {"LH403"}
                elif any(e[k] != want[k] for k in ("type", "sha256", "link_target")) or (e.type == "file" and e.sha256 is None):
                    bad.add("LH403")
                elif e != want:
                    bad.add("LH404")
                if bad:
                    by_path[path] = {min(bad)}
                continue
            bad |= set() if self.neutral(e) else {"LH404"}
            if e.type == "directory":
                bad |= set() if any(x.startswith(path + "/") for x in expected) else {"LH401"}
            elif path not in expected:
                bad.add("LH401")
            else:
                kind, sha256, link, mode, _ = expected[path][1]
                f = product.get(e.link_target) if e.type == "hardlink" else e  # a hard link has the mode of that file
                if e.type == "hardlink" and (f is None or f.type != "file" or f.path not in expected):
                    equal = False
                else:
                    equal = f.type == kind and ((kind == "file" and f.sha256 == sha256 is not None) or (kind == "symlink" and f.link_target == link))
                bad |= set() if equal else {"LH403"}
                if equal and kind == "file" and f.mode & 0o111 and not (mode or 0) & 0o111:
                    bad.add("LH404")
            if bad:  # READING: one finding for each entry, the smallest
                by_path[path] = {min(bad)}
        missing = any(x not in product for x in [*expected, *inherited])
        return set().union({"LH402"} if missing else set(), *by_path.values()), by_path, {**inherited, **expected}

    def archive_differences(self, d, L, prefix):
        """(added, removed, changed, not neutral, agreeing) paths of an archive against the tree of L; None when not comparable."""
        tree = self.inventory(L.B)
        if tree is None or d not in self.f.inventories:
            return None

        def ignored(path):
            parts = path.split("/")
            return any(any_glob(L.b.export_ignore, "/".join(parts[:i])) for i in range(1, len(parts) + 1))
        want = {prefix + p: e for p, e in tree.items() if e.type not in ("submodule", "directory") and not ignored(p)}
        have = {e.path: e for e in self.f.inventories[d]}
        plain = {p: e for p, e in have.items() if e.type != "directory"}
        added = {p for p in plain if p not in want}
        changed = {p for p in plain if p in want and (any(
            plain[p][k] != want[p][k] for k in ("type", "sha256", "link_target")) or (plain[p].type == "file" and plain[p].sha256 is None))}
        removed = {p for p in want if p not in plain}
        odd = {p for p, e in have.items() if not self.neutral(e)}
        odd |= {p for p, e in plain.items() if e.type == "file" and e.mode & 0o111 and p in want and not want[p].mode & 0o111}
        places = set(want) | {prefix + p + "/" for p, e in tree.items() if e.type == "submodule"}
        added |= {p for p, e in have.items() if e.type == "directory" and not any(w.startswith(p + "/") for w in places)}
        added |= {p for p in have if self.misplaced(p, have)}
        changed -= added
        odd -= added | changed  # READING: one finding for each entry
        return added, removed, changed, odd, len(set(plain) - added - changed), len(set(plain) & (added | changed))

    def prefixes(self, d):
        first = {e.path.split("/")[0] for e in self.f.inventories.get(d, [])}
        return [""] + [x + "/" for x in first if len(first) == 1 and re.fullmatch("[A-Za-z0-9_+][A-Za-z0-9._+-]*", x)]

    def source_archive(self, d):
        """The covered trees (repository, root) of which d is a source archive."""
        def find():
            out = set()
            for L in self.landings.values():
                if L.B is not None and self.tree_covered(L.b.repository, L.B) and d in self.f.inventories and d not in self.f.images:
                    for prefix in self.prefixes(d):
                        diff = self.archive_differences(d, L, prefix)
                        if diff and not any(diff[:4]):
                            out.add((L.b.repository, L.B))
            return out
        return self.once(("archive", d), find)

    def near_match(self, d):
        """(landing, prefix, differences) of the tree with the fewest differing paths, when more agrees than differs."""
        def find():
            best = None
            if any(n.digest in self.image_names(d) for _, b in self.of_type("step") for n in b.products):
                return None
            for L in self.landings.values():
                for prefix in self.prefixes(d):
                    diff = self.archive_differences(d, L, prefix) if L.B else None
                    if diff:
                        key = (len(diff[0]) + len(diff[1]) + len(diff[2]), L.B, prefix, L.digest)
                        if best is None or key < best[0]:
                            best = key, (L, prefix, diff)
            return best[1] if best and best[1][2][4] > best[1][2][5] else None
        return self.once(("near", d), find)

    # ------------------------------------------------------------------------------------------ 8. Answers for files

    def files(self, verdict):
        """Path -> answer; of an index `PLATFORM PATH` -> answer, each member as if it were asked for."""
        if self.d in self.f.indexes:
            out = {}
            for m in self.f.indexes[self.d]:
                if m.platform != "unknown/unknown":
                    facts = Record(self.f, question=Record(self.q, digest=m.digest), indexes={k: v for k, v in self.f.indexes.items() if k != m.digest})
                    answers = {e.path: "clean" for e in self.f.inventories.get(m.digest, [])} if self.made(self.d) \
                        else World(facts, self.allowed).files(verdict)
                    out.update({f"{m.platform} {path}": a for path, a in answers.items()})
            return out
        C, asked = self.package_step()
        answers = {e.path: self.file_answer(e, C, asked) for e in self.f.inventories.get(self.d, [])}
        if verdict == "exception":
            answers = {p: a if a == "clean" else "exception" for p, a in answers.items()}
        return answers

    def steps_with(self, test):
        """(statement, body, product) of known build and package steps with such a product."""
        return [(s, b, n) for s, b in self.steps for n in b.products if test(n)]

    def fewest(self, steps, asked=False):
        return min(steps, key=lambda t: (len(self.step_own(*t, asked)), t[0].digest), default=None)

    def package_step(self):
        """The step, and whether it is asked for the artifact in hand."""
        packs = [t for t in self.steps_with(lambda n: n.digest in self.image_names(self.d)) if t[1].kind == "package"]
        if packs:
            return self.fewest(packs, True), True
        return self.fewest([t for t in self.named(self.q.artifact_name) if t[1].kind == "package"]), False

    def comparison(self, s, b, n):
        """The comparison with the artifact in hand under the step's own label."""
        return self.package_compare(s, b, self.step_label(s, b, n)[1], self.d)

    def file_answer(self, e, C, asked):
        by_package = any(self.known_kind(f) == "package" for f, _, _ in self.proving(self.d))
        if self.goal(self.d) and not by_package:
            return "clean"
        if C is None:
            near = self.near_match(self.d)
            if near is None:
                return "indeterminate"
            L, prefix, (added, _, changed, odd, _, _) = near
            if e.path in added | changed | odd:
                return "unreviewed"
            return "clean" if e.type == "directory" else self.from_tree(L.b.repository, L.B, e.path[len(prefix):])
        s, b, n = C
        _, by_path, expected = self.comparison(s, b, n)
        if expected is None:
            return "indeterminate"
        if by_path.get(e.path):
            return "unreviewed"
        if e.type == "directory" and expected.get(e.path, [""])[0] != "base":
            return "clean"
        answer = self.origin_answer(expected[e.path], b, s)
        own = self.step_own(s, b, n, asked) - {"LH305", "LH401", "LH402", "LH403", "LH404", "LH407", "LH408"}
        if answer == "clean" and own:
            return self.bad_answer(own | self.worst(s, own))
        return answer

    def origin_answer(self, origin, b, s):
        """The answer of what an entry is expected to be."""
        if origin[0] == "field" and origin[2] is not None:
            origin = origin[2]
        elif origin[0] in ("base", "field"):
            return self.base_answer(b)
        path, material = origin
        return self.from_tree(material[4][1], material[4][2], path) if material[4][0] == "tree" else self.from_file(material[4][1], b, s)

    def base_answer(self, b):
        """As all that makes bases of the materials."""
        image, (images, layers), out = self.f.images[self.container(self.d)], self.givers(b), "clean"
        for word, m in b.materials:
            if word == "external" and m.digest in images - layers and any(self.below(i, image) is not None for i in self.images_of(m.digest)):
                answer = self.from_pin(m.name, m.digest, b, {"Dockerfile", "Containerfile"}) if m.name is not None else "clean"
                out = answer if answer != "clean" else out
        return out

    def known_kind(self, digest):
        return next(b.kind for s, b in self.steps if s.digest == digest)

    def judged_by(self, repository, root):
        """The landing of a tree with U known and the fewest paths in it."""
        return min((L for L in self.landings_of(repository, root) if L.digest in self.U), default=None,
                   key=lambda L: (len(self.U[L.digest]), L.digest))

    def from_tree(self, repository, root, path):
        L = self.judged_by(repository, root)
        if L is None:
            return "indeterminate"
        if path not in self.U[L.digest]:
            return "clean"
        return "violation" if self.agent_touched(self.lost_cover(L, path)) else "unreviewed"

    def from_file(self, m, b, s):
        entry = self.own_entry(m, b)
        if entry:  # READING: an own-entry is judged as its tree
            return self.from_place(b, *entry)
        if not self.trusted_input(m.digest) and self.pinned_file(m, b):
            return self.from_pin(m.name, m.digest, b) if self.pinned(m.name, m.digest, b) else self.from_place(b, *self.pointer(m, b))
        if self.from_outside(m, b):
            return "clean"
        steps = [t for t in self.steps_with(lambda n: n.name == m.name and n.digest == m.digest) if t[0] is not s]
        if not steps:
            return "unreviewed"
        if self.product_of_step(m, b):
            return "clean"
        # READING: a product of a faithful step from another tree is not clean here either; its finding is LH311
        t = self.fewest(steps)
        return self.bad_answer({"LH311"} if (t[0].digest, m.name, m.digest) in self.faithful else self.step_findings(steps, set()))

    @staticmethod
    def bad_answer(found):
        if found & {"LH105", "LH202", "violation"}:
            return "violation"
        soft = {"LH104", "LH201", "LH206", "LH207", "LH208", "LH209", "LH213", "LH214", "LH306", "LH401", "LH402", "LH403", "LH404"}
        return "unreviewed" if found & (soft | {"unreviewed"}) else "indeterminate"

    def worst(self, s, own):
        """What LH308 and LH101 of a step say about its files."""
        kinds = {self.of_kind(pair) for pair in self.pairs(s)}
        agent = any(a.role == "performer" and self.kind(a.principal, a.kind) in ("agent", "unknown") for _, l in self.labels(s) for a in l.actors)
        out = {"violation" if agent else "unreviewed"} if "LH308" in own else set()
        return out | ({"unreviewed"} if "LH101" in own and "human" in kinds and "automation" not in kinds else set())

    def lost_cover(self, L, p):
        """The landing where p lost cover."""
        while True:
            K = self.prev(L, self.landings)
            base = self.base(L) or set()
            waits = p in base and (p not in L.changed or (p in L.approved and not self.base_covered(L, p, base)))
            if not waits or K is None:
                return L
            L = K

    # ------------------------------------------------------------------------------------------ 9. Findings of a refusal

    def artifact_findings(self, d, name):
        """Why d is not proven."""
        steps, near = self.steps_with(lambda n: n.digest in self.image_names(d)), self.near_match(d)
        named = [] if steps else self.named(name)
        out = {"LH307"} if any(b.kind not in ("build", "package") and any(n.digest in self.image_names(d) for n in b.products)
                               for _, b in self.of_type("step")) else set()
        if steps:
            return self.walk([steps])
        if out:
            return out
        if named:
            s, b, n = self.fewest(named)
            return out | {"LH003"} | (self.comparison(s, b, n)[0] if b.kind == "package" else set())
        if near:
            L, _, (added, removed, changed, odd, _, _) = near
            why = {i for i, x in (("LH401", added), ("LH402", removed), ("LH403", changed), ("LH404", odd)) if x}
            if not self.tree_covered(L.b.repository, L.B):
                why |= self.tree_findings(L.b.repository, L.B, set())
        else:
            made = [self.steps_with(lambda n: n.digest in self.image_names(m)) for m in self.index_members(d) if not self.made(m)]
            why = {"LH405"} if [] in made else set()
            if any(made):
                why |= self.walk([t for t in made if t], why)
        return out | why or {"LH312"}

    def walk(self, starts, found=frozenset()):
        """The findings of steps, beside those that the same walk found; the steps wait for each other when there are none."""
        seen = set()
        out = set(found).union(*(self.step_findings(steps, seen, True) for steps in starts))
        return out - {"violation", "unreviewed"} or {"LH314"}

    def step_own(self, s, b, n, asked=False):
        """Own findings; `asked`: the product is asked for as an artifact, so its name counts."""
        return self.step_label(s, b, n)[0] | ({"LH002"} if asked and not self.well_named(n.name) else set())

    def step_label(self, s, b, n):
        """Own findings and the own label with which they are the fewest, under the authorised pair that leaves the fewest."""
        def find():
            found = [(self.own_findings(s, b, n, pair, label), label and label[1])
                     for label in self.own_labels(s) or [None] for pair in self.authorised(s) or [None]]
            lost = self.lost_labels(s)
            said = {"LH002", "LH302", "LH303", "LH304", "LH309", "LH310", "LH407", "LH408"}
            said = said if self.unusable(s) else said | {"LH107"}
            if not self.own_labels(s) and lost:  # in place of all that a label would say
                found = [(x - said | self.unusable(lost[0][0]), None) for x, _ in found]
            elif not self.own_labels(s) and not any(r.actors_complete for _, r in self.authorised(s)):
                found = [(x - said | {"LH309"}, None) for x, _ in found]
            return min(found, key=lambda x: len(x[0]))
        return self.once(("step own", s.digest, n.name, n.digest), find)

    def step_findings(self, steps, seen, asked=False):
        s, b, n = self.fewest(steps, asked)
        if ("step", s.digest, n.name, n.digest) in seen:
            return set()
        seen.add(("step", s.digest, n.name, n.digest))
        out = self.step_own(s, b, n, asked)
        out = out | self.worst(s, out)
        rows = [r for _, r in self.authorised(s)]
        for material in b.materials:
            word, m = material
            if any(self.clean(material, b, r) for r in rows or [None]):
                continue
            if word == "tree":
                # READING: a tree that does not resolve, though a known landing states its git id, has the finding of the label
                lacks = self.tree(m.repository, m.tree) is None and self.is_stated(m.repository, m.tree)
                out |= {"LH211"} if lacks else self.tree_findings(m.repository, self.tree(m.repository, m.tree), seen)
            elif word == "external":
                out.add("LH305")
            else:
                behind = self.steps_with(lambda k: k.name == m.name and k.digest == m.digest)
                t = self.fewest(behind)
                if t and (t[0].digest, m.name, m.digest) in self.faithful:  # else the material would be clean: from another tree
                    out.add("LH311")
                else:
                    out |= self.step_findings(behind, seen) if behind else {"LH306"}
        return out

    def tree_findings(self, repository, root, seen):
        if ("tree", repository, root) in seen:
            return set()
        seen.add(("tree", repository, root))
        if repository not in self.product.repositories:
            return {"LH212"}
        if not self.landings_of(repository, root):
            known = self.landings_of(repository, root, self.all_landings)
            return {"LH101"} if any(not L.signed for L in known) else {"LH212"} if any(not self.our_ref(L.b) for L in known) else {"LH203"}
        L = self.judged_by(repository, root)
        return {"LH204"} if L is None else set().union(*(self.path_findings(self.lost_cover(L, p), p) for p in self.U[L.digest]))

    def path_findings(self, M, p):
        """Why M does not cover p."""
        if not self.authors_complete(M):
            return {"LH205"}
        if not self.duties(self.authors(M), p):
            return {"LH106"}
        R = [(s, r) for s, r in self.reviews if self.binding(r, M)]
        if not R:
            m = M.b.merge_of
            repo = M.b.repository
            if m and self.tree(repo, m.result) != M.B and any(
                    r.repository == repo and self.review_trees(r) == (self.tree(repo, m.base), self.tree(repo, m.head)) for _, r in self.reviews):
                return {"LH213"}
            if any(r.base and self.reviewer_good(s, r) and not self.unjoined(r) and self.target_ref(r, M) and self.changes(r, p) and self.same(
                    self.inventory(self.review_trees(r)[1]).get(p), (self.inventory(M.B) or {}).get(p)) for s, r in self.reviews):
                return {"LH209"}
            return {"LH202"} if self.agent_touched(M) else {"LH201"}
        usable = [(s, r) for s, r in R if self.usable(s) and self.review_level(s, r) is not None]
        if not usable:
            return set().union(*(self.unusable(s) for s, _ in R)) or {"LH101"}
        faults = {(s.digest): self.fault(s, r) for s, r in usable}
        good = [(s, r) for s, r in usable if faults[s.digest] is None]
        if not good:
            found = set(faults.values())
            return {"LH104"} & found or {"LH108", "LH211"} & found or {"LH207"}
        for finding, test in (("LH212", lambda s, r: self.target_ref(r, M)), ("LH214", lambda s, r: self.bound_once(s, r, M)),
                              ("LH208", lambda s, r: any_glob(r.scope, p)), ("LH213", lambda s, r: self.changes(r, p))):
            good = [(s, r) for s, r in good if test(s, r)]
            if not good:
                return {finding}
        return {"LH206"}


def solve(document):
    """Verdict, findings, files and labels of a facts document."""
    facts = read_facts(document)
    name = facts.question.product
    waived = {w.finding for w in facts.trust.waivers if any_glob(w.products, name) and w.expires > facts.now and w.finding != "solo"}
    allowed = set(facts.preset.allow_labels) | waived
    world = World(facts, allowed)
    verdict, findings = world.decide()
    labels = []
    if verdict == "accepted":
        kept = set(allowed)
        for label in LABELS:
            if label in kept and World(facts, kept - {label}).decide()[0] == "accepted":
                kept.discard(label)
        labels = sorted(kept)
    return {"verdict": verdict, "findings": sorted(findings | {LABELS[x] for x in labels}), "files": world.files(verdict), "labels": labels}


def answer(text):
    try:
        document = json.loads(text)
        return solve(document["facts"] if isinstance(document, dict) and "facts" in document and "expect" in document else document)
    except (Malformed, json.JSONDecodeError) as error:
        return {"error": str(error)}


def check(folder):
    """Runs the vectors of a folder; the number of those that differ."""
    bad, names = 0, sorted(globbing.glob(os.path.join(folder, "*.json")))
    for name in names:
        with open(name, encoding="utf-8") as file:
            text = file.read()
        expect, got = json.loads(text).get("expect", {}), answer(text)
        lines = [got["error"]] if "error" in got and expect.get("verdict") != "error" else []
        for key in ("verdict", "findings", "labels"):
            if key in expect and key in got and expect[key] != got[key]:
                lines.append(f"{key}: expected {expect[key]}, got {got[key]}")
        want, have = expect.get("files", {}), got.get("files", {})
        if "files" in expect and "files" in got:
            lines += [f"file {p}: expected {want.get(p)}, got {have.get(p)}" for p in sorted(want.keys() | have.keys()) if want.get(p) != have.get(p)]
        if lines:
            bad += 1
            print("\n  ".join([f"{os.path.basename(name)} differs:"] + lines))
    print(f"{len(names)} vectors, {bad} differ")
    return bad


def main(arguments):
    sys.setrecursionlimit(100000)
    if arguments[:1] == ["--check"] and len(arguments) == 2:
        return 1 if check(arguments[1]) else 0
    if arguments == ["--stdin"]:
        for line in sys.stdin:
            if line.strip():
                print(json.dumps(answer(line), sort_keys=True), flush=True)
        return 0
    if not arguments or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    for name in arguments:
        with open(name, encoding="utf-8") as file:
            print(json.dumps({"file": name, **answer(file.read())}, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
