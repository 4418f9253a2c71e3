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

story 9d: an image on a base that the reviewed Dockerfile pins
because: R6 R7
based on imaged
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1 LICENSE=l1 image.json=i1 Dockerfile=d1
tree     T1   T0 + src/main.c=a2
onboard  T0
landing  L1   T0 -> T1 authors ana
review   R1   bo approves T0 -> T1
! lock   d1   pins debian=another
= lock   d1   pins debian=slim
image    slim config slim-config layers deb-layer
config   slim-config states Env/PATH=path Cmd=shell
package  P1   from T1 docker://registry.example/debian~debian=slim makes app=app.img
step-actor A1   of P1 map src/:usr/share/app/ image.json:config:
artifact app=app.img holds IMG
expect ! refused
expect ! LH305 docker://registry.example/debian
expect = accepted
