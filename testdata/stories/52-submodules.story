story 52a: a product ships a file out of a submodule, whose own repository nobody reviewed
because: R1 R3 R7
finding  LH202 positive negative
based on submodule
package  P1   from T1@commit lib:L1@commit vendor/lib/src/lib.c=b2 makes app.tar.gz
artifact app.tar.gz holds IMG
! review RL   bo approves all of L0 in lib
= review RL   bo approves L0 -> L1 in lib
expect ! refused
expect ! LH202 src/lib.c by coder-7
expect ! file usr/src/lib.c violation
expect = accepted
expect = file usr/src/lib.c passes

story 52b: the checkout of the submodule is another reviewed commit than the one that the reviewed tree names
because: R1 R5
finding  LH306 positive negative
based on submodule
! package  P1   from T1@commit lib:L0@commit vendor/lib/src/lib.c=b1 makes app.tar.gz
= package  P1   from T1@commit lib:L1@commit vendor/lib/src/lib.c=b2 makes app.tar.gz
artifact app.tar.gz holds IMG
expect ! refused
expect ! LH306 vendor/lib/src/lib.c
expect = accepted

story 52c: a file of the submodule lies at the top
because: R1
finding  LH306 positive negative
based on submodule
! package  P1   from T1@commit lib:L1@commit src/lib.c=b2 vendor/lib/src/lib.c=b2 makes app.tar.gz
= package  P1   from T1@commit lib:L1@commit vendor/lib/src/lib.c=b2 makes app.tar.gz
artifact app.tar.gz holds IMG
expect ! refused
expect ! LH306 src/lib.c
expect = accepted

story 52d: a file in the submodule's folder that its commit does not have
because: R1 R7
finding  LH306 positive negative
based on submodule
! package  P1   from T1@commit lib:L1@commit vendor/lib/src/lib.c=b2 vendor/lib/src/more.c=m9 makes app.tar.gz
= package  P1   from T1@commit lib:L1@commit vendor/lib/src/lib.c=b2 makes app.tar.gz
artifact app.tar.gz holds IMG
expect ! refused
expect ! LH306 vendor/lib/src/more.c
expect = accepted

story 52e: a file of the submodule that can be run, though its commit says that it cannot
because: R1
finding  LH306 positive negative
based on submodule
! package  P1   from T1@commit lib:L1@commit vendor/lib/src/lib.c=b2{mode=755} makes app.tar.gz
= package  P1   from T1@commit lib:L1@commit vendor/lib/src/lib.c=b2{mode=644} makes app.tar.gz
artifact app.tar.gz holds IMG
expect ! refused
expect ! LH306 vendor/lib/src/lib.c
expect = accepted

story 52f: the script that builds lies in a submodule
because: R5
finding  LH302 positive negative
based on submodule
! build    B1   from T1@commit lib:L1@commit vendor/lib/src/lib.c=b2 makes app.bin instructions src/lib.c=b2
= build    B1   from T1@commit lib:L1@commit vendor/lib/src/lib.c=b2 makes app.bin instructions vendor/lib/src/lib.c=b2
artifact app.bin
expect ! refused
expect ! LH302 src/lib.c
expect = accepted

story 52g: a submodule of a submodule has no place
because: R1 R7
finding  LH306 positive negative
based on submodule
product  app  repositories app lib deep
tree     D1   deep.c=d1
landing  LD   none -> D1 in deep authors cy
review   RD   bo approves all of D1 in deep
tree     L2   L1 + third{commit=D1}
landing  LM   L1 -> L2 in lib authors cy
review   RM   bo approves L1 -> L2 in lib
tree     T2   T1 + vendor/lib{commit=L2}
landing  L3   T1 -> T2 authors ana
review   R3   bo approves T1 -> T2
! package  P1   from T2@commit lib:L2@commit deep:D1@commit vendor/lib/src/lib.c=b2 vendor/lib/third/deep.c=d1 makes app.tar.gz
= package  P1   from T2@commit lib:L2@commit deep:D1@commit vendor/lib/src/lib.c=b2 makes app.tar.gz
artifact app.tar.gz holds IMG
expect ! refused
expect ! LH306 vendor/lib/third/deep.c
expect = accepted

story 52h: coder-7 moved the submodule to another commit, which was reviewed, and nobody looked at the move
because: R1 R3
finding  LH202 positive negative
based on submodule
tree     T2   T1 + vendor/lib{commit=L0}
landing  L3   T1 -> T2 authors coder-7/ana
! review R3   bo approves T0 -> T1
= review R3   bo approves T1 -> T2
package  P1   from T2@commit lib:L0@commit vendor/lib/src/lib.c=b1 makes app.tar.gz
files    IMG  usr/ usr/src/ usr/main.c=a2 usr/src/lib.c=b1 README.md=r1
artifact app.tar.gz holds IMG
expect ! refused
expect ! LH202 vendor/lib by coder-7
expect ! file usr/src/lib.c violation
expect = accepted
expect = file usr/src/lib.c passes

story 52i: the script of the library lies and builds at the top; whoever withholds the entries of the tree above changes nothing
because: R1 R5
finding  LH306 positive negative
based on submodule
onboard  T1
! build  B1   from T1@commit lib:L1@commit src/lib.c=b2 makes app.bin instructions src/lib.c=b2
= build  B1   from T1@commit lib:L1@commit vendor/lib/src/lib.c=b2 makes app.bin instructions vendor/lib/src/lib.c=b2
artifact app.bin
expect ! refused
expect ! LH306 src/lib.c
expect = accepted
