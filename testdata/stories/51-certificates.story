story 51a: the builder has a WIT-SVID, or a bearer token of the same name
because: R5
based on reviewed
! identity maker kind automation principal spiffe://acme.example/maker signs jwt-svid may build unreachable inputs declared
= identity maker kind automation principal spiffe://acme.example/maker signs wit-svid may build unreachable inputs declared
product  app builders maker
build    B1   from T1 makes app.bin by maker
step-actor A1 of B1 actors maker by maker
artifact app.bin
expect ! refused
expect ! LH110 in B1
expect = accepted

story 51b: the builder has a certificate of a private authority, whose key project code can reach
because: R5
based on reviewed
! identity maker kind automation principal acme-pki#build7.acme.example signs x509 may build inputs declared
= identity maker kind automation principal acme-pki#build7.acme.example signs x509 may build inputs declared custody isolated
product  app builders maker
build    B1   from T1 makes app.bin by maker
step-actor A1 of B1 actors maker by maker
artifact app.bin
expect ! refused
expect ! LH110 in B1
expect = accepted

story 51c: a reviewer with a certificate of a private authority, on a machine with agents
because: R3
based on built
! identity dee-cert kind human principal acme-pki#dee@acme.example signs x509 may review
= identity dee-cert kind human principal acme-pki#dee@acme.example signs x509 may review custody personal
person   dee accounts dee-cert
review   R1   dee-cert approves T0 -> T1 by dee-cert
expect ! refused
expect = accepted
