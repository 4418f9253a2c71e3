story 21a: the landing was removed
because: R2
finding  LH203 positive negative
based on built
! drop   L1
expect ! refused
expect ! LH203
expect = accepted

story 21b: everything that names the artifact was removed
because: R8
finding  LH001 positive negative
based on reviewed
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! undecided
expect ! LH001
expect = accepted

story 21c: provenance replayed from a fork
because: R5 R8
based on reviewed
identity ci   where app app-fork
landing  F1   T0 -> T1 in app-fork authors ana
! build  B1   from app-fork:T1 makes app.bin
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH212 in B1
expect = accepted

story 21d: a review replayed from another repository
because: R3
based on built
! review R1   bo approves T0 -> T1 in lib
= review R1   bo approves T0 -> T1
expect ! refused
expect ! LH212 src/main.c
expect = accepted

story 21e: the evidence of one artifact shown with another
because: R1
finding  LH003 positive negative
based on built
! artifact app.bin=other-bytes
= artifact app.bin
expect ! refused
expect ! LH003
expect = accepted

story 21f: the landing is replayed from a fork of the same name
because: R2
based on built
! landing L1  T0 -> T1 in forge.example/mallory/app authors ana
= landing L1  T0 -> T1 authors ana
expect ! refused
expect ! LH203
expect = accepted
