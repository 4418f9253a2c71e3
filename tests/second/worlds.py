"""The base world of the self-test, what is done to it, and all worlds that the self-test solves."""
import hashlib
import json
import unittest

import solver


def h(text):
    return hashlib.sha256(text.encode()).hexdigest()


REPO, MAIN, NOW, TARBALL = "git.example/app", "refs/heads/main", 1000, h("tarball")
ANA, BEN, HOST, CI, BOT = "mailto:ana@x", "mailto:ben@x", "spiffe://x/host", "spiffe://x/ci", "spiffe://x/bot"


def entry(path, text, mode=0o644, **more):
    return {"path": path, "type": "file", "mode": mode, "sha256": h(text), **more}


def actor(role, principal, kind, method="host", **more):
    return {"role": role, "principal": principal, "kind": kind, "method": method, **more}


def signed(name, method, principal, body, **more):
    return {"digest": h("statement " + name), "signers": [{"method": method, "principal": principal, "presence": method == "webauthn"}],
            "body": body, **more}


def root(name):
    return {"root": h("tree " + name)}


def base_world():
    """Onboarded tree 0 -> landing of tree 1 (a.txt changed, reviewed) -> build -> package -> tarball."""
    tree = {"tree": {"repository": REPO, "tree": root("1")}}
    ci = [actor("performer", CI, "automation")]

    def label(name, of, kind, **more):
        return signed(name, "x509-svid", CI, {"step_actor": {
            "labels": h("statement " + of), "kind": kind, "product": "app", "actors": ci, "actors_complete": True,
            "materials_bound": "exact", "success": True, **more}})
    return {
        "facts_version": 1, "now": NOW,
        "question": {"product": "app", "digest": TARBALL, "artifact_name": "app.tar"},
        "preset": {"name": "t", "reviewer_level": 2, "approver_level": 3, "builder_level": 3, "allow_labels": [], "require_lists": [],
                   "human_duties": False, "refuse_reverted": False, "require_credential": False},
        "trust": {
            "identities": [
                {"method": "x509-svid", "principal": HOST, "kind": "automation", "max_level": 4, "may": ["landing", "review", "list"],
                 "where": ["git.example/*"], "products": ["app"], "observer": ["host"]},
                {"method": "x509-svid", "principal": CI, "kind": "automation", "max_level": 4, "isolated": True,
                 "may": ["build", "package", "publish"], "where": ["**"], "products": ["app"], "observer": ["host"]},
                {"method": "x509-svid", "principal": BOT, "kind": "agent", "max_level": 4},
                {"method": "webauthn", "principal": "mailto:*", "kind": "human", "max_level": 4,
                 "may": ["review", "exception", "approve"], "where": ["**"], "products": ["*"]}],
            "persons": [{"name": "Ana", "accounts": [ANA]}, {"name": "Ben", "accounts": [BEN]},
                        {"name": "Cyd", "accounts": ["mailto:cyd@x"]}, {"name": "Dan", "accounts": ["mailto:dan@x"]}],
            "products": [{"name": "app", "repositories": [REPO], "refs": ["refs/heads/*"], "builders": [CI], "artifacts": ["app.tar"],
                          "parameters": {"level": "O*"}, "onboarding": [{"repository": REPO, "tree": root("0")}]}]},
        "statements": [
            signed("landing", "x509-svid", HOST, {"landing": {
                "repository": REPO, "target_ref": MAIN, "from": root("0"), "to": root("1"),
                "authors": [actor("author", ANA, "human")], "authors_complete": True}}),
            signed("review", "webauthn", BEN, {"review": {
                "repository": REPO, "target_ref": MAIN, "base": root("0"), "head": root("1"), "scope": ["**"],
                "reviewer": actor("approver", BEN, "human", "webauthn")}}),
            signed("build", "x509-svid", CI, {"step": {
                "kind": "build", "materials": [tree], "products": [{"name": "app", "digest": h("binary"), "mode": 0o755}],
                "instructions": [{"name": "build.sh", "digest": h("build")}], "parameters": {"level": "O2"}}}),
            label("build label", "build", "build"),
            signed("package", "x509-svid", CI, {"step": {
                "kind": "package", "materials": [tree, {"file": {"name": "app", "digest": h("binary"), "mode": 0o755}}],
                "products": [{"name": "app.tar", "digest": TARBALL}], "instructions": [{"name": "build.sh", "digest": h("build")}]}}),
            label("package label", "package", "package", path_map=[{"from": "app", "to": "bin/app"}, {"from": "a.txt", "to": "share/a.txt"}])],
        "inventories": {
            h("tree 0"): [entry("a.txt", "a0"), entry("b.txt", "b"), entry("build.sh", "build", 0o755)],
            h("tree 1"): [entry("a.txt", "a1"), entry("b.txt", "b"), entry("build.sh", "build", 0o755)],
            TARBALL: [{"path": "bin", "type": "directory", "mode": 0o755}, entry("bin/app", "binary", 0o755), entry("share/a.txt", "a1")]}}


class Case(unittest.TestCase):
    def setUp(self):
        self.w = base_world()

    def body(self, name):
        return next(iter(self.st(name)["body"].values()))

    def st(self, name):
        return next(s for s in self.w["statements"] if s["digest"] == h("statement " + name))

    def drop(self, *names):
        self.w["statements"] = [s for s in self.w["statements"] if s["digest"] not in {h("statement " + n) for n in names}]

    def add(self, *statements):
        self.w["statements"] += statements

    def row(self, principal):
        return next(r for r in self.w["trust"]["identities"] if r["principal"] == principal)

    @property
    def product(self):
        return self.w["trust"]["products"][0]

    def want(self, verdict, *findings, labels=(), **files):
        got = solver.solve(self.w)
        self.assertEqual((got["verdict"], got["findings"], got["labels"]), (verdict, sorted(findings), list(labels)))
        for path, answer in files.items():
            self.assertEqual(got["files"][{"bin": "bin/app", "share": "share/a.txt"}[path]], answer, path)

    def listed(self, kind, entries, name="list", **more):
        self.add(signed(name, "x509-svid", HOST, {"list": {
            "kind": kind, "scope": "app", "issued_at": 1, "fresh_until": 2000, "sequence": 1, "entries": entries, **more}}))

    def glob_cases(self):
        for pattern, text, ok in (("*", "a/b", False), ("**", "a/b", True), ("a.b", "axb", False), ("a/*/c", "a/b/c", True), ("[a]?", "[a]?", True)):
            self.assertEqual(solver.glob(pattern, text), ok, pattern)


def all_worlds():
    """(name, facts) of every document that the self-test solves; facts that occur twice are given once."""
    import selftest
    out, seen, solve = [], set(), solver.solve
    current = [""]

    def record(document):
        text = json.dumps(document, sort_keys=True)
        if text not in seen:
            seen.add(text)
            out.append((current[0], json.loads(text)))
        return solve(document)

    class Result(unittest.TestResult):
        def startTest(self, test):
            current[0] = test.id().split(".", 1)[1]
            super().startTest(test)
    solver.solve = record
    try:
        result = Result()
        unittest.defaultTestLoader.loadTestsFromModule(selftest).run(result)
    finally:
        solver.solve = solve
    return out
