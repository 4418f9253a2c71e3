story 3a: coder-7 pushes one more commit after the approval; auto-merge takes both
because: R3
finding  LH202 positive negative
finding  LH209 positive negative
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
tree     T1   T0 + src/main.c=a2
tree     T2   T1 + src/auth.c=u2
landing  L1   T0 -> T2 authors ana coder-7/ana
! review R1   bo approves T0 -> T1
= review R1   bo approves T0 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 src/auth.c by coder-7 in L1
expect ! LH209 src/main.c in L1
expect = accepted

story 3b: the later commit lands by itself, straight onto main
because: R2 R3
based on reviewed
tree     T2   T1 + src/auth.c=u2
landing  L2   T1 -> T2 authors coder-7/ana
= review R2   cy approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 src/auth.c by coder-7 in L2
expect = accepted
expect = proof L1 R1 L2 R2 B1
