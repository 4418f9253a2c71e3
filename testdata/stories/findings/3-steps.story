story LH301-bypass: the materials stand only in the label's instructions
because: R5
finding  LH301 bypass
based on reviewed
! build  B1   makes app.bin instructions none
= build  B1   from T1 makes app.bin instructions none
step-actor A1 of B1 instructions Makefile=m1
artifact app.bin
expect ! refused
expect ! LH301 in B1
expect = accepted

story LH302-none: no instructions are stated at all
because: R5
based on reviewed
! build  B1   from T1 makes app.bin instructions none
= build  B1   from T1 makes app.bin instructions Makefile
artifact app.bin
expect ! refused
expect ! LH302 in B1
expect = accepted

story LH303-bypass: the free parameter stands in the label only
because: R5
finding  LH303 bypass
based on built
! step-actor A1 of B1 parameters TARGET=samples/reverse-shell
= step-actor A1 of B1
expect ! refused
expect ! LH303 TARGET in B1
expect = accepted

story LH303-approved: a release approver signs the parameter
because: R5
based on reviewed
build    B1   from T1 makes app.bin parameters TARGET=arm64
artifact app.bin
! approval X1 parameters app.bin by bo-sk with TARGET=amd64
= approval X1 parameters app.bin by bo-sk with TARGET=arm64
expect ! refused
expect ! LH303 TARGET in B1
expect = accepted
expect = proof X1

story LH304-bypass: the recorder calls its lower bound complete
because: R5
finding  LH304 bypass
based on built
identity ci   inputs bounded
! step-actor A1 of B1 bound lower
= step-actor A1 of B1 bound upper
expect ! refused
expect ! LH304 in B1
expect = accepted

story LH307: a test step claims to have made the artifact
because: R5
finding  LH307 positive negative
based on reviewed
identity ci   may build package test
! step   B1   test from T1 makes app.bin
= step   B1   build from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH307 in B1
expect = accepted

story LH307-bypass: the label calls the step a package step, the statement a build
because: R5
finding  LH307 bypass
based on built
! step-actor A1 of B1 kind package
= step-actor A1 of B1 kind build
expect ! refused
expect ! LH307 in B1
expect = accepted

story LH308-bypass: the agent calls itself automation
because: R5
finding  LH308 bypass
based on built
! step-actor A1 of B1 actors ci coder-7~automation
= step-actor A1 of B1 actors ci
expect ! refused
expect ! LH308 by coder-7 in B1
expect = accepted

story LH310-bypass: the builder's own label is silent about success, and so is the predicate type
because: R5
finding  LH310 bypass
based on reviewed
! build  B1   from T1 makes app.bin may-fail
= build  B1   from T1 makes app.bin
step-actor A1 of B1
artifact app.bin
expect ! refused
expect ! LH310 in B1
expect = accepted

story LH311: the build mixes two revisions of the repository
because: R5
finding  LH311 positive negative
based on reviewed
tree     T2   T1 + src/auth.c=u2
landing  L2   T1 -> T2 authors cy
review   R2   bo approves T1 -> T2
! build  B1   from T1 T2 makes app.bin
= build  B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH311 in B1
expect = accepted

story LH311-bypass: the second revision is named by its SHA-1 only
because: R5
finding  LH311 bypass
based on reviewed
tree     T2   T1 + src/auth.c=u2
landing  L2   T1 -> T2@both authors cy
review   R2   bo approves T1 -> T2
! build  B1   from T1 T2@git makes app.bin
= build  B1   from T2@git makes app.bin
artifact app.bin
expect ! refused
expect ! LH311 in B1
expect = accepted

story LH312: a publication names the artifact, no step that made it is known
because: R8
finding  LH312 positive negative
based on reviewed
act      X1   publish app.bin
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH312
expect = accepted

story LH312-bypass: an SBOM by the builder names the artifact instead of provenance
because: R8
finding  LH312 bypass
based on reviewed
other    O1   https://spdx.dev/Document names app.bin
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH312
expect = accepted

story LH305-fetched: the dependency was fetched by an allowed observer
because: R7
based on reviewed
! fetch  F1   from https://crates.example/serde-1.0.crate=s1 makes serde-1.0.crate=s1 by coder-7
= fetch  F1   from https://crates.example/serde-1.0.crate=s1 makes serde-1.0.crate=s1
build    B1   from T1 serde-1.0.crate=s1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH306
expect = accepted
expect = LH305
expect = proof F1
