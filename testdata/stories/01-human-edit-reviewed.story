story 1: ana edits, bo reviews exactly that, the team's workflow builds it
because: R2 R3 R4 R5
finding  LH201 positive negative
finding  LH304 positive
tree     T0   src/main.c=a1 Makefile=m1 README.md=r1
onboard  T0
tree     T1   T0 + src/main.c=a2
landing  L1   T0 -> T1 authors ana
= review R1   bo approves T0 -> T1
build    B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/main.c in L1
expect = accepted
expect = LH304
expect = LH108
expect = proof L1 R1 B1
