# One story for each rule that the scenarios alone do not pin down.

story rule-base: a small reviewed change to the very file that an agent changed unreviewed
because: R2
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
tree     T1   T0 + src/auth.c=u2
tree     T2   T1 + src/auth.c=u3
landing  L1   T0 -> T1 authors coder-7/ana
= review R1   bo approves T0 -> T1
landing  L2   T1 -> T2 authors ana
review   R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 src/auth.c by coder-7 in L1
expect = accepted

story rule-heal: a reviewed change puts the file back as it was, beside another change
because: R2
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
tree     T1   T0 + src/auth.c=u2
! tree   T2   T1 + src/auth.c=u3 src/main.c=a2
= tree   T2   T1 + src/auth.c=u1 src/main.c=a2
landing  L1   T0 -> T1 authors coder-7/ana
landing  L2   T1 -> T2 authors ana
review   R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 src/auth.c by coder-7 in L1
expect = accepted

story rule-recomputed-merge: a branch of two reviewed landings is merged, and no review spans them
because: R2
based on reviewed
product  app refs main next
tree     TX   T0 + src/auth.c=u2
tree     TY   TX + src/auth.c=u3
tree     TM   T1 + src/auth.c=u3
landing  N1   T0 -> TX on next authors cy
review   R2   bo approves T0 -> TX on next
landing  N2   TX -> TY on next authors cy
= review R3   bo approves TX -> TY on next
landing  L2   T1 -> TM authors ana merge-of TY base T0 mode merge
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/auth.c in L2
expect = accepted

story rule-own-entry: the builder lists one file of the tree again
because: R7
based on reviewed
! build  B1   from T1 src/main.c=other makes app.bin
= build  B1   from T1 src/main.c=a2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH306 src/main.c in B1
expect = accepted

story rule-trusted-input: the toolchain that the trust file names by digest
because: R7
based on reviewed
trusted-input sdk-1 as toolchain
! build  B1   from T1 sdk.tar=sdk-2 makes app.bin
= build  B1   from T1 sdk.tar=sdk-1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH306 sdk.tar in B1
expect = accepted

story rule-our-ref: reviewed and landed on a branch that nothing is released from
because: R8
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
tree     T1   T0 + src/main.c=a2
! landing L1  T0 -> T1 on experimental authors ana
= landing L1  T0 -> T1 on main authors ana
review   R1   bo approves T0 -> T1 on main
build    B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH212
expect = accepted

story rule-landing-authority: the builder says what landed
because: R2
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
tree     T1   T0 + src/main.c=a2
! landing L1  T0 -> T1 authors ana by ci
= landing L1  T0 -> T1 authors ana by forge
review   R1   bo approves T0 -> T1
build    B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH101
expect = accepted
