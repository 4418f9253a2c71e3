story 4a: coder-7 edits after the review, then reverts to the reviewed tree; strict presets refuse
because: R2
finding  LH210 positive
based on built
tree     T2   T1 + src/auth.c=u2
landing  L2   T1 -> T2 authors coder-7/ana
landing  L3   T2 -> T1 authors coder-7/ana
! preset standard refuse-reverted
expect ! refused
expect ! LH210
expect = accepted
expect = LH210

story 4b: the revert leaves one file behind
because: R2
based on reviewed
tree     T2   T1 + src/auth.c=u2 src/hook.c=h1
! tree   T3   T1 + src/hook.c=h1
= tree   T3   T1
landing  L2   T1 -> T2 authors coder-7/ana
landing  L3   T2 -> T3 authors coder-7/ana
build    B1   from T3 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 src/hook.c by coder-7 in L2
expect = accepted
