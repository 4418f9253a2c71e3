story 28a: the build instructions are not the ones of the reviewed tree
because: R5
finding  LH302 positive negative
based on reviewed
! build  B1   from T1 makes app.bin instructions Makefile=m2
= build  B1   from T1 makes app.bin instructions Makefile
artifact app.bin
expect ! refused
expect ! LH302 Makefile in B1
expect = accepted

story 28b: the build instructions are a file whose producer nobody states
because: R5 R7
finding  LH302 bypass
based on reviewed
! build  B1   from T1 build.sh=w1 makes app.bin instructions build.sh=w1
= build  B1   from T1 makes app.bin instructions Makefile
artifact app.bin
expect ! refused
expect ! LH302 build.sh in B1
expect ! LH306 build.sh in B1
expect = accepted

story 28c: coder-7 changes the build instructions without review
because: R2 R5
based on reviewed
tree     T2   T1 + Makefile=m2
landing  L2   T1 -> T2 authors coder-7/ana
! build  B1   from T2 makes app.bin
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 Makefile by coder-7 in L2
expect = accepted
