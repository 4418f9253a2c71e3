story 8a: after the review coder-7 changes only a test
because: R2 R3
based on reviewed
tree     T2   T1 + tests/main_test.c=t1
landing  L2   T1 -> T2 authors coder-7/ana
= review R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 tests/main_test.c by coder-7 in L2
expect = accepted

story 8b: after the review coder-7 changes only the version
because: R2 R3
based on reviewed
tree     T2   T1 + VERSION=2.0
landing  L2   T1 -> T2 authors coder-7/ana
= review R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 VERSION by coder-7 in L2
expect = accepted

story 8c: after the review coder-7 changes only a lock file
because: R2 R3
based on reviewed
tree     T2   T1 + Cargo.lock=k2
landing  L2   T1 -> T2 authors coder-7/ana
= review R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 Cargo.lock by coder-7 in L2
expect = accepted

story 8d: after the review coder-7 changes only the CI configuration
because: R2 R3
based on reviewed
tree     T2   T1 + .ci/release.yml=w2
landing  L2   T1 -> T2 authors coder-7/ana
= review R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 .ci/release.yml by coder-7 in L2
expect = accepted

story 8e: after the review coder-7 changes only a file that steers agents
because: R2 R3
based on reviewed
tree     T2   T1 + AGENTS.md=g2
landing  L2   T1 -> T2 authors coder-7/ana
= review R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 AGENTS.md by coder-7 in L2
expect = accepted

story 8f: after the review coder-7 changes only the build instructions
because: R2 R3
based on reviewed
tree     T2   T1 + Makefile=m2
landing  L2   T1 -> T2 authors coder-7/ana
= review R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 Makefile by coder-7 in L2
expect = accepted
