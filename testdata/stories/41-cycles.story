story 41a: the product is its own material
because: R7
finding  LH314 positive negative
based on reviewed
! build  B1   from T1 app.bin makes app.bin
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH314
expect = accepted

story 41b: two steps feed each other
because: R7
finding  LH314 bypass
based on reviewed
build    B1   from T1 app-stage1.o makes app.bin
! build  B2   from T1 app.bin makes app-stage1.o
= build  B2   from T1 makes app-stage1.o
artifact app.bin
expect ! refused
expect ! LH314
expect = accepted

story 41c: the container lists itself
because: R6 R7
based on packed
! package P1  from T1 app.tar.gz makes app.tar.gz
= package P1  from T1 makes app.tar.gz
expect ! refused
expect ! LH314
expect = accepted
