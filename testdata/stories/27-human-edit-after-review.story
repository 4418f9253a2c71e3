story 27a: cy edits after the review
because: R2 R4
based on reviewed
tree       T2  T1 + src/auth.c=u2
landing    L2  T1 -> T2 authors cy
= review   R2  bo approves T1 -> T2
package    P1  from T2 makes app.tar.gz
step-actor A1  of P1 map src/:usr/share/app/
artifact   app.tar.gz holds usr/share/app/main.c=a2 usr/share/app/auth.c=u2
expect ! refused
expect ! LH201 src/auth.c in L2
expect ! file usr/share/app/auth.c unreviewed
expect ! file usr/share/app/main.c passes
expect = accepted
expect = file usr/share/app/auth.c passes

story 27b: cy edits after the review and calls it a build
because: R2 R5
based on reviewed
identity   cy-key may build custody personal
product    app builders ci cy-key
! build    S1  from T1 makes app-gen.c=n1 by cy-key
= build    S1  from T1 makes app-gen.c=n1
package    P1  from T1 app-gen.c=n1 makes app.tar.gz
step-actor A1  of P1 map src/:usr/share/app/ app-gen.c:usr/share/app/gen.c
artifact   app.tar.gz holds usr/share/app/main.c=a2 usr/share/app/auth.c=u1 usr/share/app/gen.c=n1
expect ! refused
expect ! LH101 in S1
expect ! file usr/share/app/gen.c unreviewed
expect = accepted

story 27c: cy edits after the review, calls it a build, and says that he did it
because: R2 R5
based on reviewed
identity   cy-key may build custody personal
build      S1  from T1 makes app-gen.c=n1
! step-actor S2 of S1 actors cy-key by cy-key
= step-actor S2 of S1
package    P1  from T1 app-gen.c=n1 makes app.tar.gz
step-actor A1  of P1 map src/:usr/share/app/ app-gen.c:usr/share/app/gen.c
artifact   app.tar.gz holds usr/share/app/main.c=a2 usr/share/app/auth.c=u1 usr/share/app/gen.c=n1
expect ! refused
expect ! LH308 in S1
expect ! file usr/share/app/gen.c unreviewed
expect = accepted
