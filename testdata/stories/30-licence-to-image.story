story 30a: a linter that may do next to nothing states the package step
because: R5 R9
based on packed
account  linter kind automation signs x509-svid principal spiffe://acme.example/linter
identity linter may test unreachable
! package P1  from T1 makes app.tar.gz by linter
= package P1  from T1 makes app.tar.gz
expect ! refused
expect ! LH101 in P1
expect = accepted

story 30b: the map sends the LICENSE to the attack's place
because: R6
based on reviewed
package    P1  from T1 makes app.tar.gz
! step-actor A1 of P1 map LICENSE:usr/bin/app
= step-actor A1 of P1 map src/main.c:usr/bin/app
artifact   app.tar.gz holds usr/bin/app=a2
expect ! refused
expect ! LH403 usr/bin/app
expect = accepted
