story 49a: two authors, approvals split so that nobody answers one of them on each path
because: R4
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
tree     T1   T0 + src/main.c=a2 src/auth.c=u2
landing  L1   T0 -> T1 authors ana bo
review   R1   bo approves T0 -> T1 scope src/main.c
! review R2   ana approves T0 -> T1 scope src/auth.c
= review R2   cy approves T0 -> T1
build    B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH206 src/main.c
expect ! LH206 src/auth.c
expect = accepted

story 49b: the author list is empty
because: R4
finding  LH205 positive negative
based on built
! landing L1  T0 -> T1
= landing L1  T0 -> T1 authors ana
expect ! refused
expect ! LH205 src/main.c in L1
expect = accepted

story 49c: the author list has the agent without its sponsor
because: R4
based on built
! landing L1  T0 -> T1 authors coder-7
= landing L1  T0 -> T1 authors coder-7/ana
expect ! refused
expect ! LH205 src/main.c in L1
expect = accepted

story 49d: the approver's account is in no person row
because: R4
based on built
! person bo   accounts bo-key
= person bo   accounts bo bo-key
expect ! refused
expect ! LH207 src/main.c in L1
expect = accepted
