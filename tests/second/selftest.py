"""Self-test of the second solver: one accepting world and what each change of it must lead to.

    python3 -m unittest discover -s tests/second -p selftest.py
"""
import copy
import json
import unittest

import holes
import solver
from worlds import ANA, BEN, BOT, CI, HOST, MAIN, NOW, REPO, TARBALL, Case, actor, base_world, entry, h, root, signed


def load_tests(loader, tests, pattern):
    return unittest.TestSuite([tests, loader.loadTestsFromModule(holes)])


class Words(Case):
    def test_base(self):
        self.want("accepted", bin="clean", share="clean")

    def test_globs(self):
        self.glob_cases()

    def test_every_statement_is_needed(self):
        for s in list(self.w["statements"]):
            self.w["statements"] = [x for x in base_world()["statements"] if x["digest"] != s["digest"]]
            self.assertNotEqual(solver.solve(self.w)["verdict"], "accepted")

    def test_every_inventory_is_needed(self):
        for root_ in list(self.w["inventories"]):
            self.w = base_world()
            del self.w["inventories"][root_]
            self.assertNotEqual(solver.solve(self.w)["verdict"], "accepted")

    def test_every_row_is_needed(self):
        for member in ("identities", "persons", "products"):
            for i, r in enumerate(base_world()["trust"][member]):
                if r.get("principal") == BOT or r.get("name") in ("Ana", "Cyd", "Dan"):
                    continue
                self.w = base_world()
                del self.w["trust"][member][i]
                self.assertNotEqual(solver.solve(self.w)["verdict"], "accepted", r)

    def test_malformed(self):
        self.w["statements"][0]["extra"] = 1
        self.assertIn("error", solver.answer(json.dumps(self.w)))

    def test_prefix_of_digests(self):
        self.w["question"]["digest"] = "sha256:" + TARBALL
        self.want("accepted")


class Reviews(Case):
    def test_not_reviewed(self):
        self.drop("review")
        self.want("refused", "LH201", bin="unreviewed", share="unreviewed")

    def test_agent_not_reviewed(self):
        self.drop("review")
        self.body("landing")["authors"] = [actor("author", BOT, "agent", sponsor=ANA)]
        self.want("refused", "LH202", share="violation")

    def test_agent_reviewed_by_another(self):
        self.body("landing")["authors"] = [actor("author", BOT, "agent", sponsor=ANA)]
        self.want("accepted")

    def test_agent_reviewed_by_its_sponsor(self):
        self.body("landing")["authors"] = [actor("author", BOT, "agent", sponsor=BEN)]
        self.want("refused", "LH206")

    def test_agent_whose_sponsor_is_no_human(self):
        self.body("landing")["authors"] = [actor("author", BOT, "agent", sponsor=CI)]
        self.want("refused", "LH205")

    def test_agent_without_sponsor(self):
        self.body("landing")["authors"] = [actor("author", BOT, "agent")]
        self.want("refused", "LH205")

    def test_row_makes_an_agent(self):
        self.body("landing")["authors"] = [actor("author", BOT, "human")]
        self.want("refused", "LH205")

    def test_own_review(self):
        self.body("landing")["authors"] = [actor("author", BEN, "human")]
        self.want("refused", "LH206", share="unreviewed")

    def test_solo(self):
        self.body("landing")["authors"] = [actor("author", BEN, "human")]
        self.product["solo"], self.w["preset"]["allow_labels"] = True, ["solo", "sha1-join"]
        self.want("accepted", "LH109", labels=["solo"])

    def test_solo_is_not_waived(self):
        self.body("landing")["authors"] = [actor("author", BEN, "human")]
        self.product["solo"] = True
        self.w["trust"]["waivers"] = [{"finding": "solo", "products": ["*"], "reason": "r", "expires": 5000}]
        self.want("refused", "LH206")

    def test_pusher_answers(self):
        self.body("landing")["authors"] = [actor("author", BEN, "human"), actor("pusher", ANA, "human")]
        self.want("accepted")

    def test_edit_names_another_author(self):
        self.add(signed("edit", "x509-svid", BOT, {"edit": {"repository": REPO, "to": root("1"), "actors": [actor("performer", BEN, "human")]}}))
        self.want("refused", "LH206")

    def test_borrowed_identity(self):
        self.add(signed("edit", "x509-svid", BOT, {"edit": {
            "repository": REPO, "to": root("1"), "actors": [actor("performer", ANA, "human")], "marks": ["m"]}}))
        self.want("accepted", "LH104")

    def test_scope(self):
        self.body("review")["scope"] = ["b.txt"]
        self.want("refused", "LH208")

    def test_other_ref(self):
        self.body("review")["target_ref"] = "refs/tags/x"
        self.want("refused", "LH212")

    def test_other_head(self):
        self.body("review")["head"] = root("0")
        self.want("refused", "LH201")

    def test_marks(self):
        self.body("review")["marks"] = ["m"]
        self.want("accepted")  # presence proves more than marks
        self.st("review")["signers"][0]["presence"] = False
        self.w["preset"]["allow_labels"] = ["presence-unproven"]
        self.want("refused", "LH104")

    def test_presence(self):
        self.st("review")["signers"][0]["presence"] = False
        self.want("refused", "LH108")
        self.w["trust"]["waivers"] = [{"finding": "presence-unproven", "products": ["*"], "reason": "r", "expires": 5000}]
        self.want("accepted", "LH108", labels=["presence-unproven"])
        self.w["preset"]["reviewer_level"] = 3
        self.want("refused", "LH207")

    def test_observed_review(self):
        self.st("review")["signers"] = [{"method": "x509-svid", "principal": HOST}]
        self.body("review")["reviewer"]["method"] = "host"
        self.w["preset"]["allow_labels"] = ["presence-unproven"]
        self.want("accepted", "LH108", labels=["presence-unproven"])
        self.body("review")["reviewer"]["method"] = "hearsay"
        self.want("refused", "LH101")

    def test_reviewer_is_an_agent(self):
        self.w["trust"]["identities"].append({"method": "key", "principal": BEN, "kind": "agent", "max_level": 1})
        self.want("refused", "LH101")  # the pair is of kind agent

    def test_revoked(self):
        self.listed("revocation", [{"identity": {"principal": BEN, "from": 10}}])
        self.want("refused", "LH007")
        self.st("review")["signers"][0]["time"] = 9
        self.want("accepted")

    def test_revoked_by_glob(self):
        self.listed("revocation", [{"identity": {"principal": BEN[:5] + "*"}}])
        self.want("refused", "LH007")

    def test_revoked_key_of_a_group(self):
        row = next(r for r in self.w["trust"]["identities"] if "review" in r.get("may", []) and r["kind"] == "human")
        self.w["trust"]["identities"].append(dict(row, method="key", principal="group:g", custody="personal"))
        self.w["trust"]["groups"] = [{"principal": "group:g", "keys": ["key:a", "key:b"], "threshold": 2}]
        for person in self.w["trust"]["persons"]:
            if BEN in person["accounts"]:
                person["accounts"].append("group:g")
        self.w["preset"]["allow_labels"] = ["presence-unproven"]
        self.body("review")["reviewer"] = actor("approver", "group:g", "human", "dsse-key")
        self.st("review")["signers"] = [{"method": "key", "principal": p} for p in ("group:g", "key:a", "key:b")]
        self.want("accepted", "LH108", labels=["presence-unproven"])
        self.listed("revocation", [{"identity": {"principal": "key:c"}}])
        self.want("accepted", "LH108", labels=["presence-unproven"])
        self.listed("revocation", [{"identity": {"principal": "key:b"}}], name="another list")
        self.want("refused", "LH007")

    def test_simulated(self):
        self.st("review")["simulated"] = True
        self.want("refused", "LH103")
        self.w["trust"]["accept_simulated"] = True
        self.want("accepted")

    def test_credential(self):
        self.st("review")["credential"] = {"digest": h("c"), "issued": 900, "expires": 1100, "task": "t"}
        self.want("accepted")
        self.w["preset"]["credential_seconds"] = 100
        self.want("refused", "LH107")

    def test_duties(self):
        self.body("landing")["authors"] = [actor("author", CI, "automation")]
        self.want("refused", "LH106")
        self.w["trust"]["robots"] = [{"principal": CI, "paths": ["a.*"]}]
        self.want("accepted")


class Trees(Case):
    def second(self, name="2", text="a2", **more):
        """Tree `name` on top of tree 1, where a.txt has other content; the world is built from it."""
        self.w["inventories"][h("tree " + name)] = [entry("a.txt", text), entry("b.txt", "b"), entry("build.sh", "build", 0o755)]
        self.add(signed("landing " + name, "x509-svid", HOST, {"landing": {
            "repository": REPO, "target_ref": MAIN, "from": root("1"), "to": root(name), "prev": h("statement landing"),
            "authors": [actor("author", ANA, "human")], "authors_complete": True, **more}}))
        for step in ("build", "package"):
            self.body(step)["materials"][0] = {"tree": {"repository": REPO, "tree": root(name)}}
        self.w["inventories"][TARBALL][2] = entry("share/a.txt", text)

    def review(self, base, head, name="review 2"):
        self.add(signed(name, "webauthn", BEN, {"review": {
            "repository": REPO, "target_ref": MAIN, "base": root(base), "head": root(head), "scope": ["**"],
            "reviewer": actor("approver", BEN, "human", "webauthn")}}))

    def test_not_covered_stays(self):
        self.second()
        self.review("1", "2")
        self.want("accepted")
        self.drop("review")
        self.want("refused", "LH201", share="unreviewed")

    def test_not_covered_stays_when_the_tree_before_is_not_known(self):
        self.second()
        self.review("1", "2")
        self.drop("review")
        del self.w["inventories"][h("tree 0")]
        self.want("refused", "LH204")

    def test_not_covered_elsewhere_is_seen(self):
        self.second("2", "a1")
        self.w["inventories"][h("tree 2")][1] = entry("b.txt", "b2")
        self.review("1", "2")
        self.drop("review")
        self.want("refused", "LH201", bin="unreviewed", share="unreviewed")

    def test_heal(self):
        self.second("2", "a0")
        self.w["inventories"][h("tree 2")][1] = entry("b.txt", "b2")
        self.review("1", "2")
        self.drop("review")
        self.want("accepted")

    def test_prev_missing(self):
        self.second()
        self.review("1", "2")
        self.drop("review")
        self.body("landing 2").pop("prev")
        self.want("refused", "LH204", share="indeterminate")

    def test_reverted(self):
        """Back to a tree that was covered once, by a landing that nobody reviewed."""
        self.second()
        self.review("1", "2")
        self.add(signed("landing 3", "x509-svid", HOST, {"landing": {
            **self.body("landing 2"), "from": root("2"), "to": root("1"), "prev": h("statement landing 2")}}))
        for step in ("build", "package"):
            self.body(step)["materials"][0] = {"tree": {"repository": REPO, "tree": root("1")}}
        self.w["inventories"][TARBALL][2] = entry("share/a.txt", "a1")
        self.want("accepted", "LH210")
        self.w["preset"]["refuse_reverted"] = True
        self.want("refused", "LH210")

    def test_merge_three_ways(self):
        self.second("2", "a1")
        self.w["inventories"][h("tree 2")][1] = entry("b.txt", "b2")
        self.w["inventories"][h("tree s")] = [entry("a.txt", "a0"), entry("b.txt", "b2"), entry("build.sh", "build", 0o755)]
        self.review("0", "s")
        self.want("accepted")
        self.body("landing 2").pop("prev")
        self.want("refused", "LH214")

    def test_merge_conflict(self):
        self.second()
        self.w["inventories"][h("tree s")] = [entry("a.txt", "as"), entry("b.txt", "b"), entry("build.sh", "build", 0o755)]
        self.review("0", "s")
        self.want("refused", "LH201")

    def merge(self):
        """Ref `next` landed the change 0 -> x -> s under two reviews; the whole of it is merged into 2."""
        self.product["refs"] = [MAIN, "refs/heads/next"]
        for name in ("x", "s"):
            self.w["inventories"][h("tree " + name)] = [entry("a.txt", "a" + name), entry("b.txt", "b"), entry("build.sh", "build", 0o755)]
        self.second(merge_of={"head": root("s"), "base": root("0"), "mode": "merge", "result": root("2")})
        for name, from_, prev in (("x", "0", None), ("s", "x", "landing x")):
            landing = copy.deepcopy(self.st("landing"))
            landing["digest"] = h("statement landing " + name)
            body = landing["body"]["landing"]
            body.update({"target_ref": "refs/heads/next", "from": root(from_), "to": root(name)})
            body.pop("prev", None)
            if prev:
                body["prev"] = h("statement " + prev)
            self.add(landing)
            self.review(from_, name, "review " + name)
        return body

    def test_recomputed_merge(self):
        self.merge()
        self.want("accepted")
        self.w["inventories"][h("tree 2")][1] = entry("b.txt", "evil")
        self.want("refused", "LH201")
        self.w["inventories"][h("tree 2")][1] = entry("b.txt", "b")
        self.body("landing 2")["merge_of"]["mode"] = "squash"
        self.want("refused", "LH201")

    def test_head_landed(self):
        for change in (
                lambda n: n.update({"target_ref": MAIN}),  # the ref's own history is no other ref's
                lambda n: n.update({"to": root("0")}),  # a covered tree that landed nowhere
                lambda n: n.pop("prev"),  # nobody knows that the base became it
                lambda n: n.update({"from": root("1")}),  # changed something else
                lambda n: self.drop("review s"),  # one landing on the way is not covered by itself, though the tree is an anchor
        ):
            self.setUp()
            next_ = self.merge()
            self.product["onboarding"].append({"repository": REPO, "tree": root("s")})
            change(next_)
            self.assertEqual(solver.solve(self.w)["verdict"], "refused")
        self.setUp()
        self.merge()
        self.body("landing 2").pop("prev")  # nobody knows what was merged before
        self.want("refused", "LH201")

    def test_whole_tree(self):
        self.product["onboarding"] = []
        self.want("refused", "LH204")
        self.body("review").pop("base")
        self.body("review").update(authors=[actor("author", ANA, "human")], authors_complete=True)
        self.want("accepted")
        self.body("review")["authors_complete"] = False
        self.want("refused", "LH204")

    def test_vsa(self):
        self.drop("review")
        self.row(HOST)["may"].append("vsa")
        self.add(signed("vsa", "x509-svid", HOST, {"source_vsa": {"repository": REPO, "tree": root("1"), "passed": True}}))
        self.want("accepted")
        self.body("vsa")["passed"] = False
        self.want("refused", "LH201")

    def test_sha1_join(self):
        git = "1" * 40
        self.body("landing")["to"] = {**root("1"), "git_tree": git}
        for step in ("build", "package"):
            self.body(step)["materials"][0]["tree"]["tree"] = {"git_tree": git}
        self.assertEqual(solver.solve(self.w)["verdict"], "refused")
        self.w["preset"]["allow_labels"] = ["sha1-join"]
        self.want("accepted", "LH211", labels=["sha1-join"])

    def test_no_landing(self):
        self.body("landing")["target_ref"] = "refs/tags/v1"
        self.want("refused", "LH212")

    def test_source_archive(self):
        self.drop("build", "build label", "package", "package label")
        self.w["inventories"][TARBALL] = [entry("app-1/" + e["path"], "", e["mode"]) | {"sha256": e["sha256"]}
                                          for e in self.w["inventories"][h("tree 1")]]
        self.want("accepted")
        self.w["inventories"][TARBALL][0]["sha256"] = h("evil")
        self.want("refused", "LH403")


class Steps(Case):
    def test_label_of_an_agent(self):
        self.body("build label")["actors"].append(actor("performer", BOT, "agent"))
        self.want("refused", "LH308", bin="violation")

    def test_any_known_label_denies(self):
        self.add(signed("other label", "x509-svid", BOT, {"step_actor": {
            "labels": h("statement build"), "kind": "build", "actors": [], "success": False}}))
        self.want("refused", "LH310")

    def test_step_marks(self):
        self.body("package label")["marks"] = ["m"]
        self.want("refused", "LH105", bin="violation")
        self.w["preset"]["allow_labels"] = ["agent-marks"]
        self.want("accepted", "LH105", labels=["agent-marks"])

    def test_gaps(self):
        self.body("build label")["materials_gaps"] = ["network"]
        self.want("refused", "LH304", bin="indeterminate")
        self.row(CI)["inputs"], self.w["preset"]["allow_labels"] = "declared", ["inputs-not-bounded"]
        self.want("accepted", "LH304", labels=["inputs-not-bounded"])

    def test_parameters(self):
        self.body("build")["parameters"]["level"] = "0"
        self.want("refused", "LH303")
        self.add(signed("approval", "webauthn", BEN, {"approval": {
            "action": "parameters", "product": "app", "digest": h("binary"), "approver": actor("approver", BEN, "human"), "parameters": {"level": "0"}}}))
        self.want("accepted")

    def test_one_change_each(self):
        for name, member, value, finding in (
                ("build label", "actors_complete", False, "LH309"), ("build label", "kind", "test", "LH307"),
                ("build label", "product", "other", "LH002"), ("build label", "success", False, "LH310"),
                ("build", "materials", [], "LH301"), ("build", "instructions", [], "LH302"), ("package label", "path_map", [], "LH407")):
            self.w = base_world()
            self.body(name)[member] = value
            got = solver.solve(self.w)
            self.assertEqual(got["verdict"], "refused", name)
            self.assertIn(finding, got["findings"], name)

    def test_builder_level(self):
        self.row(CI)["max_level"] = 2
        self.assertIn("LH110", solver.solve(self.w)["findings"])

    def test_builders(self):
        self.product["builders"] = []
        self.assertIn("LH101", solver.solve(self.w)["findings"])

    def test_material_of_nobody(self):
        self.drop("build", "build label")
        self.want("refused", "LH306", bin="unreviewed", share="clean")

    def test_trusted_input(self):
        self.drop("build", "build label")
        self.w["trust"]["trusted_inputs"] = [{"digest": h("binary"), "as": "dependency", "products": ["app"], "expires": NOW + 1}]
        self.want("accepted")
        self.w["now"] += 1
        self.want("refused", "LH306")

    def test_pinned_and_fetched(self):
        self.body("build")["materials"].append({"external": {"uri": "u", "name": "dep", "digest": h("dep")}})
        self.want("refused", "LH305")
        for t in ("0", "1"):
            self.w["inventories"][h("tree " + t)].append(entry("sub/Cargo.lock", "lock"))
        self.w["locks"] = {h("lock"): [{"name": "dep", "digest": h("dep")}]}
        self.want("accepted")
        self.w["locks"] = {}
        self.row(CI)["may"].append("fetch")
        self.w["preset"]["allow_labels"] = ["unpinned-input"]
        self.want("accepted", "LH305", labels=["unpinned-input"])

    def test_cycle(self):
        self.body("build")["materials"].append({"file": {"name": "app", "digest": h("binary")}})
        self.want("refused", "LH314")


class Containers(Case):
    def tar(self, change):
        self.w = base_world()
        change(self.w["inventories"][TARBALL])

    def test_compare(self):
        self.tar(lambda t: t.append(entry("etc/x", "x")))
        self.want("refused", "LH401", bin="clean")
        self.tar(lambda t: t.pop())
        self.want("refused", "LH402")
        self.tar(lambda t: t[2].update(sha256=h("evil")))
        self.want("refused", "LH403", share="unreviewed")
        self.tar(lambda t: t[2].update(mode=0o4644))
        self.want("refused", "LH404", share="unreviewed")
        self.tar(lambda t: t[2].update(mode=0o755))
        self.want("refused", "LH404")
        self.tar(lambda t: t.append({"path": "empty", "type": "directory", "mode": 0o755}))
        self.want("refused", "LH401")
        self.tar(lambda t: t[2].update(type="fifo"))
        self.want("refused", "LH403")

    def test_other_bytes(self):
        self.w["question"]["digest"] = h("other")
        self.w["inventories"][h("other")] = copy.deepcopy(self.w["inventories"][TARBALL])
        self.w["inventories"][h("other")][2]["sha256"] = h("evil")
        self.want("refused", "LH003", "LH403", bin="clean", share="unreviewed")

    def test_nothing_names_it(self):
        self.w["question"] = {"product": "app", "digest": h("other")}
        self.want("undecided", "LH001")


class Acceptance(Case):
    def test_no_product(self):
        self.w["question"]["product"] = "none"
        self.want("refused", "LH002")

    def test_index(self):
        self.w["question"]["digest"] = h("index")
        self.w["indexes"] = {h("index"): [{"digest": TARBALL, "platform": "linux/amd64"}, {"digest": h("sbom"), "platform": "unknown/unknown"}]}
        self.w["question"].pop("artifact_name")
        self.want("accepted")
        self.w["indexes"][h("index")][1]["platform"] = "linux/arm64"
        self.want("refused", "LH405")

    def test_required_act(self):
        self.product["required"] = [{"action": "publish", "target": "store"}]
        self.want("refused", "LH005")
        self.add(signed("act", "x509-svid", CI, {"act": {"action": "publish", "product": "app", "digest": TARBALL, "target": "store",
                                                         "actors": [actor("performer", CI, "automation")], "actors_complete": True}}))
        self.want("accepted")
        self.body("act")["target"] = "elsewhere"
        self.want("refused", "LH005")

    def test_lists(self):
        self.w["preset"]["require_lists"] = ["revocation"]
        self.want("undecided", "LH006")
        self.listed("revocation", [])
        self.want("accepted")
        self.body("list")["fresh_until"] = 999
        self.want("undecided", "LH006")
        self.body("list")["fresh_until"] = 2000
        self.want("accepted")
        self.w["preset"]["revocations_seconds"] = self.w["now"] - 1
        self.want("accepted")
        self.w["preset"]["revocations_seconds"] = self.w["now"] - 2
        self.want("undecided", "LH006")

    def test_withdrawn(self):
        self.listed("withdrawal", [{"artifact": TARBALL}], fresh_until=2)
        self.want("refused", "LH008")

    def test_rollback(self):
        self.listed("released", [{"released": {"target_ref": MAIN, "digest": h("newer")}}])
        self.want("refused", "LH004")
        self.listed("released", [{"released": {"target_ref": MAIN, "digest": TARBALL}}], "list 2", sequence=2)
        self.want("accepted")

    def test_exception(self):
        self.drop("review")

        def approval(person):
            return signed("exception " + person, "webauthn", person, {"approval": {
                "action": "exception", "product": "app", "digest": TARBALL, "approver": actor("approver", person, "human"),
                "authors": [actor("author", ANA, "human")], "authors_complete": True, "reason": "r", "expires": NOW + 1}})
        self.add(approval(BEN), approval("mailto:cyd@x"))
        self.want("exception", "LH201", bin="exception", share="exception")
        self.drop("exception " + BEN)
        self.want("refused", "LH201")
        self.add(approval(ANA))
        self.want("refused", "LH201")
        self.body("exception " + ANA)["digest"] = h("other")
        self.want("refused", "LH009", "LH201")


if __name__ == "__main__":
    unittest.main()
