story 26: the trusted builder's provenance names no materials
because: R5
finding  LH301 positive negative
based on reviewed
! build  B1   makes app.bin instructions Makefile=m1
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH301 in B1
expect = accepted
