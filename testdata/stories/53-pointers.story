story 53a: the content that a reviewed pointer stands for is shipped, and is not what the pointer says
because: R1 R7
finding  LH306 positive negative
based on pointer
pointer  p1   to logo
! package  P1   from T1 assets/logo.bin=other makes app.tar.gz
= package  P1   from T1 assets/logo.bin=logo makes app.tar.gz
artifact app.tar.gz holds IMG
expect ! refused
expect ! LH306 assets/logo.bin
expect ! file usr/logo.bin unreviewed
expect = accepted
expect = file usr/logo.bin passes

story 53b: coder-7 changed the pointer and nobody looked
because: R3 R7
finding  LH202 positive negative
based on pointer
pointer  p1   to logo
tree     T2   T1 + assets/logo.bin=p2
pointer  p2   to new-logo
landing  L2   T1 -> T2 authors coder-7/ana
! review R2   bo approves T0 -> T1
= review R2   bo approves T1 -> T2
package  P1   from T2 assets/logo.bin=new-logo makes app.tar.gz
files    IMG  usr/ usr/logo.bin=new-logo
artifact app.tar.gz holds IMG
expect ! refused
expect ! LH202 assets/logo.bin by coder-7
expect ! file usr/logo.bin violation
expect = accepted

story 53c: the content of a pointer lies elsewhere
because: R1
finding  LH306 positive negative
based on pointer
pointer  p1   to logo
! package  P1   from T1 other/logo.bin=logo assets/logo.bin=logo makes app.tar.gz
= package  P1   from T1 assets/logo.bin=logo makes app.tar.gz
artifact app.tar.gz holds IMG
expect ! refused
expect ! LH306 other/logo.bin
expect = accepted

story 53d: the content of a pointer can be run, though the tree says that it cannot
because: R1
finding  LH306 positive negative
based on pointer
pointer  p1   to logo
! package  P1   from T1 assets/logo.bin=logo{mode=755} makes app.tar.gz
= package  P1   from T1 assets/logo.bin=logo{mode=644} makes app.tar.gz
artifact app.tar.gz holds IMG
expect ! refused
expect ! LH306 assets/logo.bin
expect = accepted

story 53e: a pointer that nobody has read stands for nothing
because: R7
finding  LH306 positive negative
based on pointer
= pointer p1  to logo
package  P1   from T1 assets/logo.bin=logo makes app.tar.gz
artifact app.tar.gz holds IMG
expect ! refused
expect ! LH306 assets/logo.bin
expect = accepted
