story 23: coder-7 pushes without review, a small reviewed change lands on top
because: R2
finding  LH202 bypass
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
tree     T1   T0 + src/auth.c=u2
tree     T2   T1 + src/main.c=a2
landing  L1   T0 -> T1 authors coder-7/ana
= review R1   bo approves T0 -> T1
landing  L2   T1 -> T2 authors ana
review   R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 src/auth.c by coder-7 in L1
expect = accepted

story 24: later a human reviews the older change too
because: R2
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
tree     T1   T0 + src/auth.c=u2
tree     T2   T1 + src/main.c=a2
landing  L1   T0 -> T1 authors coder-7/ana
landing  L2   T1 -> T2 authors ana
review   R2   bo approves T1 -> T2
= review R1   cy approves T0 -> T1 signed-at -10
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 src/auth.c by coder-7 in L1
expect = accepted
expect = proof L1 R1 L2 R2 B1
