story 32a: the reviewed change has the same patch-id but another indentation
because: R3
finding  LH201 bypass
based on built
tree     TS   T0 + src/main.c=a2-indented-otherwise
! review R1   bo approves T0 -> TS
= review R1   bo approves T0 -> T1
expect ! refused
expect ! LH201 src/main.c in L1
expect = accepted

story 32b: the reviewed change is the same, at another place of the file
because: R3
based on reviewed
drop     L1
tree     TX   T0 + src/main.c=a1-with-two-equal-functions
tree     TY   T0 + src/main.c=a2-in-the-wrong-function
landing  L0   T0 -> TX authors bo
review   R0   cy approves T0 -> TX
! landing L2  TX -> TY authors ana merge-of T1 base T0 result T1
= landing L2  TX -> TY authors ana merge-of T1 base T0 result TY
build    B1   from TY makes app.bin
artifact app.bin
expect ! refused
expect ! LH213 src/main.c in L2
expect = accepted

story 32c: the reviewed binary has the same short id
because: R3
based on built
tree     TS   T0 + src/main.c=same-first-seven-digits
! review R1   bo approves T0 -> TS
= review R1   bo approves T0 -> T1
expect ! refused
expect ! LH201 src/main.c in L1
expect = accepted
