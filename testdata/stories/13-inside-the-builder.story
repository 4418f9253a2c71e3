story 13a: an agent's process acts inside the trusted builder's step
because: R5
finding  LH308 positive negative
based on built
! step-actor A1 of B1 actors ci coder-7/ana@sandbox by sandbox
= step-actor A1 of B1 actors ci@sandbox by sandbox
expect ! refused
expect ! LH308 by coder-7 in B1
expect = accepted

story 13b: the build reads a stale object from a cache beside the tree
because: R5 R7
based on reviewed
! build  B1   from T1 .cache/main.o=o0 makes app.bin
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH306 .cache/main.o in B1
expect = accepted
