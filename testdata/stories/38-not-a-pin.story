story 38a: the payload's digest stands in a reviewed deny list
because: R7
finding  LH306 bypass
based on reviewed
! lock   r1   pins payload.so=p1
= lock   k1   pins payload.so=p1
build    B1   from T1 payload.so=p1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH306 payload.so in B1
expect = accepted

story 38b: the payload's digest stands in an SBOM
because: R7
finding  LH305 bypass
based on reviewed
! other  O1   https://spdx.dev/Document names payload=p1
= lock   k1   pins payload=p1
build    B1   from T1 https://files.example/payload~payload=p1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH305 https://files.example/payload
expect = accepted
