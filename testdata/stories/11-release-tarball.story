story 11a: the release tarball holds one file more than the reviewed tree
because: R6
finding  LH401 positive negative
based on archived
! artifact app-1.tar.gz holds T1 under app-1/ + app-1/m4/build-to-host.m4=x1
= artifact app-1.tar.gz holds T1 under app-1/
expect ! refused
expect ! LH401 app-1/m4/build-to-host.m4
expect ! file app-1/m4/build-to-host.m4 unreviewed
expect = accepted
expect = file app-1/src/main.c passes

story 11b: the release tarball holds one file less
because: R6
finding  LH402 positive negative
based on archived
! artifact app-1.tar.gz holds T1 under app-1/ - app-1/src/auth.c
= artifact app-1.tar.gz holds T1 under app-1/
expect ! refused
expect ! LH402 app-1/src/auth.c
expect = accepted

story 11c: one file more, under the package step that the maintainer signed
because: R5 R6
finding  LH401 bypass
based on reviewed
identity   ana-key may review edit package custody personal
product    app builders ci ana-key
package    P1  from T1 makes app-1.tar.gz by ana-key
step-actor A1  of P1 actors ana-key by ana-key map :app-1/
! artifact app-1.tar.gz holds T1 under app-1/ + app-1/m4/build-to-host.m4=x1
= artifact app-1.tar.gz holds T1 under app-1/
expect ! refused
expect ! LH401 app-1/m4/build-to-host.m4
expect = accepted

story 11d: one file more, under the package step of the team's own workflow
because: R6
based on reviewed
package    P1  from T1 makes app-1.tar.gz
step-actor A1  of P1 map :app-1/
! artifact app-1.tar.gz holds T1 under app-1/ + app-1/m4/build-to-host.m4=x1
= artifact app-1.tar.gz holds T1 under app-1/
expect ! refused
expect ! LH401 app-1/m4/build-to-host.m4 in P1
expect ! file app-1/m4/build-to-host.m4 unreviewed
expect = accepted
