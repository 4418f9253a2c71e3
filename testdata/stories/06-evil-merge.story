story 6a: content added in the merge commit
because: R3
finding  LH213 positive negative
based on reviewed
drop     L1
tree     TX   T0 + src/util.c=v1 README.md=r2
tree     TY   TX + src/main.c=a2
! tree   TM   TY + src/backdoor.c=x1
= tree   TM   TY
landing  L0   T0 -> TX authors bo
review   R0   cy approves T0 -> TX
landing  L2   TX -> TM authors ana merge-of T1 base T0 result TY
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect ! LH213 src/backdoor.c in L2
expect = accepted

story 6b: a file deleted in the merge commit
because: R3
finding  LH213 bypass
based on reviewed
drop     L1
tree     TX   T0 + src/util.c=v1 README.md=r2
tree     TY   TX + src/main.c=a2
! tree   TM   TY - src/auth.c
= tree   TM   TY
landing  L0   T0 -> TX authors bo
review   R0   cy approves T0 -> TX
landing  L2   TX -> TM authors ana merge-of T1 base T0 result TY
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect ! LH213 src/auth.c in L2
expect = accepted

story 6c: the other side reverted in the merge commit
because: R3
based on reviewed
drop     L1
tree     TX   T0 + src/util.c=v1 README.md=r2
tree     TY   TX + src/main.c=a2
! tree   TM   TY + README.md=r1
= tree   TM   TY
landing  L0   T0 -> TX authors bo
review   R0   cy approves T0 -> TX
landing  L2   TX -> TM authors ana merge-of T1 base T0 result TY
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect ! LH213 README.md in L2
expect = accepted

story 6d: content added in a merge that nobody recomputed for the verifier
because: R3
based on reviewed
drop     L1
tree     TX   T0 + src/util.c=v1 README.md=r2
tree     TY   TX + src/main.c=a2
! tree   TM   TY + src/backdoor.c=x1
= tree   TM   TY
landing  L0   T0 -> TX authors bo
review   R0   cy approves T0 -> TX
landing  L2   TX -> TM authors ana
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/backdoor.c in L2
expect = accepted
