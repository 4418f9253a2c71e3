story 5a: squash onto a main that moved; the merge is recomputed from the entries
because: R3
based on reviewed
drop     L1
tree     TX   T0 + src/auth.c=u2
tree     TY   TX + src/main.c=a2
landing  L0   T0 -> TX authors bo
review   R0   cy approves T0 -> TX
! landing L2  TX -> TY authors ana prev none
= landing L2  TX -> TY authors ana
build    B1   from TY makes app.bin
artifact app.bin
expect ! refused
expect ! LH214 src/main.c in L2
expect = accepted
expect = proof L0 R0 L2 R1

story 5b: merge queue; both sides changed one file, the forge recomputed the merge of its text
because: R3
based on reviewed
drop     L1
tree     TX   T0 + src/main.c=a1-other-end
tree     TY   TX + src/main.c=a2-other-end
landing  L0   T0 -> TX authors bo
review   R0   cy approves T0 -> TX
! landing L2  TX -> TY authors ana
= landing L2  TX -> TY authors ana merge-of T1 base T0 mode queue
build    B1   from TY makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/main.c in L2
expect = accepted

story 5c: rebase; the recomputation must use the base that the review names
because: R3
based on reviewed
drop     L1
tree     TX   T0 + src/main.c=a1-other-end
tree     TY   TX + src/main.c=a2-other-end
landing  L0   T0 -> TX authors bo
review   R0   cy approves T0 -> TX
! landing L2  TX -> TY authors coder-7/ana merge-of T1 base TX mode rebase
= landing L2  TX -> TY authors coder-7/ana merge-of T1 base T0 mode rebase
build    B1   from TY makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 src/main.c by coder-7 in L2
expect = accepted
