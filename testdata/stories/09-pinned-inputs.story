story 9a: a dependency that the reviewed lock file pins
because: R7
finding  LH305 positive negative
based on reviewed
= lock   k1   pins serde=s1 log=g1
build    B1   from T1 https://crates.example/serde-1.0.crate~serde=s1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH305 https://crates.example/serde-1.0.crate
expect = accepted
expect = no LH305

story 9b: a builder that may fetch takes a dependency that nothing pins; strict presets refuse
because: R7
based on reviewed
identity ci   may build package fetch
! preset standard deny unpinned-input
build    B1   from T1 https://crates.example/serde-1.0.crate~serde=s1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH305 https://crates.example/serde-1.0.crate
expect = accepted
expect = LH305

story 9c: a base image that the reviewed Dockerfile names by digest
because: R7
tree     T0   Dockerfile=d1 Makefile=m1
onboard  T0
landing  L0   none -> T0 authors ana
! lock   d1   pins registry.example/base=old-base
= lock   d1   pins registry.example/base=new-base
build    B1   from T0 https://registry.example/base~registry.example/base=new-base makes app.img
artifact app.img
expect ! refused
expect ! LH305 https://registry.example/base
expect = accepted
