story 47a: released from a tag that was cut at a landed commit
because: R2
based on reviewed
product  app refs main refs/tags/v*
! tree   TR   T1 + src/auth.c=u2
= tree   TR   T1
landing  LT   none -> TR on refs/tags/v1.0 authors ana
build    B1   from TR makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/auth.c in LT
expect = accepted
expect = no LH210

story 47b: released from a branch that was cut at a landed commit, where reverts refuse
because: R2
based on reviewed
preset   standard refuse-reverted
product  app refs main release/*
! tree   TR   T1 + src/auth.c=u2
= tree   TR   T1
landing  LT   none -> TR on release/1 authors ana
build    B1   from TR makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/auth.c in LT
expect = accepted

story 47c: first adoption: the history begins at an onboarding tree
because: R2
tree     T0   src/main.c=a1 Makefile=m1
landing  L0   none -> T0 authors ana incomplete
= onboard T0
build    B1   from T0 makes app.bin
artifact app.bin
expect ! refused
expect ! LH205 src/main.c in L0
expect = accepted
expect = no LH210

story 47d: the review came after the merge
because: R2
based on built
! drop   R1
= review R1   bo approves T0 -> T1 signed-at -1
expect ! refused
expect ! LH201 src/main.c in L1
expect = accepted
