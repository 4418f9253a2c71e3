# One story for each rule that the scenarios alone do not pin down.

story rule-base: a small reviewed change to the very file that an agent changed unreviewed
because: R2
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
tree     T1   T0 + src/auth.c=u2
tree     T2   T1 + src/auth.c=u3
landing  L1   T0 -> T1 authors coder-7/ana
= review R1   bo approves T0 -> T1
landing  L2   T1 -> T2 authors ana
review   R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 src/auth.c by coder-7 in L1
expect = accepted

story rule-heal: a reviewed change puts the file back as it was, beside another change
because: R2
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
tree     T1   T0 + src/auth.c=u2
! tree   T2   T1 + src/auth.c=u3 src/main.c=a2
= tree   T2   T1 + src/auth.c=u1 src/main.c=a2
landing  L1   T0 -> T1 authors coder-7/ana
landing  L2   T1 -> T2 authors ana
review   R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH202 src/auth.c by coder-7 in L1
expect = accepted

story rule-recomputed-merge: a branch of two reviewed landings is merged, and no review spans them
because: R2
based on reviewed
product  app refs main next
tree     TX   T0 + src/auth.c=u2
tree     TY   TX + src/auth.c=u3
tree     TM   T1 + src/auth.c=u3
landing  N1   T0 -> TX on next authors cy
review   R2   bo approves T0 -> TX on next
landing  N2   TX -> TY on next authors cy
= review R3   bo approves TX -> TY on next
landing  L2   T1 -> TM authors ana merge-of TY base T0 mode merge
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/auth.c in L2
expect = accepted

story rule-own-entry: the builder lists one file of the tree again
because: R7
based on reviewed
! build  B1   from T1 src/main.c=other makes app.bin
= build  B1   from T1 src/main.c=a2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH306 src/main.c in B1
expect = accepted

story rule-trusted-input: the toolchain that the trust file names by digest
because: R7
based on reviewed
trusted-input sdk-1 as toolchain
! build  B1   from T1 sdk.tar=sdk-2 makes app.bin
= build  B1   from T1 sdk.tar=sdk-1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH306 sdk.tar in B1
expect = accepted

story rule-our-ref: reviewed and landed on a branch that nothing is released from
because: R8
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
tree     T1   T0 + src/main.c=a2
! landing L1  T0 -> T1 on experimental authors ana
= landing L1  T0 -> T1 on main authors ana
review   R1   bo approves T0 -> T1 on main
build    B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH212
expect = accepted

story rule-landing-authority: the builder says what landed
because: R2
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
tree     T1   T0 + src/main.c=a2
! landing L1  T0 -> T1 authors ana by ci
= landing L1  T0 -> T1 authors ana by forge
review   R1   bo approves T0 -> T1
build    B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH101
expect = accepted

story rule-base-image: the base is the image whose layers are the lowest of this one
because: R6
based on imaged
! image  deb config deb-config layers other-layer
= image  deb config deb-config layers deb-layer
expect ! refused
expect ! LH401 etc/passwd
expect = accepted

story rule-base-layer: a layer that the trust file names by digest
because: R6
based on imaged
trusted-input deb-layer as base
trusted-input other-layer as base
config   i1 states Entrypoint=serve Env/PATH=path
! package P1  from T1 base.tar=other-layer makes app=app.img
= package P1  from T1 base.tar=deb-layer makes app=app.img
step-actor A1  of P1 map src/:usr/share/app/ image.json:config:
expect ! refused
expect ! LH401 etc/passwd
expect = accepted

story rule-base-toolchain: what is trusted to run is not trusted to be shipped
because: R6
based on imaged
trusted-input sdk as toolchain
trusted-input sdk-base as base
image    sdk config deb-config layers deb-layer
image    sdk-base config deb-config layers deb-layer
! package P1  from T1 docker://registry.example/sdk=sdk makes app=app.img
= package P1  from T1 docker://registry.example/sdk=sdk-base makes app=app.img
step-actor A1  of P1 map src/:usr/share/app/ image.json:config:
expect ! refused
expect ! LH305 docker://registry.example/sdk
expect ! file etc/passwd unreviewed
expect = accepted

story rule-base-entries: the layers of the base were not read
because: R6
finding  LH408 bypass
based on imaged
! image  deb config deb-config layers deb-layer app-layer
= image  deb config deb-config layers deb-layer
expect ! refused
expect ! LH408
expect = accepted

story rule-config-stated: the configuration that the map names
because: R6
based on imaged
config   a2 states Cmd
! step-actor A1  of P1 map src/:usr/share/app/ src/main.c:config:
= step-actor A1  of P1 map src/:usr/share/app/ image.json:config:
expect ! refused
expect ! LH401 config:Entrypoint
expect = accepted

story rule-image-names: the step has the config of the image as its product
because: R6
based on reviewed
image    app.img config app-config layers app-layer
! build  B1   from T1 makes app.img=another
= build  B1   from T1 makes app.img=app-config
artifact app=app.img
expect ! undecided
expect = accepted

story rule-image-withdrawn: a list takes the member of an index back by its config
because: R8
finding  LH008 bypass
based on reviewed
image    app.img config app-config layers app-layer
build    B1   from T1 makes app=app.idx
index    app.idx linux/amd64=app.img
! list   K1 withdrawal entries artifact:app-config
= list   K1 withdrawal entries artifact:another
artifact app=app.idx
expect ! refused
expect ! LH008
expect = accepted

story rule-base-expired: a row that has run out, and one of another product, make no base
because: R7
based on imaged
trusted-input sdk as toolchain
! trusted-input sdk as base expires -1
= trusted-input sdk as base
image    sdk config deb-config layers deb-layer
package  P1  from T1 docker://registry.example/sdk=sdk makes app=app.img
step-actor A1  of P1 map src/:usr/share/app/ image.json:config:
expect ! refused
expect ! LH305 docker://registry.example/sdk
expect ! file etc/passwd unreviewed
expect = accepted

story rule-base-product: what another step made is no layer, though nothing is wrong with it
because: R6 R7
based on imaged
build    B1   from T1 makes app-debug.tar=debug-layer
files    MORE DEB + bin/rootshell=rs{mode=4755}
layers   deb-layer debug-layer hold MORE
image    app.img config app-config layers deb-layer debug-layer app-layer
package  P1   from T1 docker://registry.example/debian=deb app-debug.tar=debug-layer makes app=app.img
step-actor A1  of P1 map src/:usr/share/app/ image.json:config:
! artifact app=app.img holds IMG + bin/rootshell=rs{mode=4755}
= artifact app=app.img holds IMG
expect ! refused
expect ! LH401 bin/rootshell
expect = accepted

story rule-base-dependency: a library that the trust file names is no layer
because: R6 R7
based on imaged
! trusted-input deb-layer as dependency
= trusted-input deb-layer as base
config   i1 states Entrypoint=serve Env/PATH=path
package  P1  from T1 base.tar=deb-layer makes app=app.img
step-actor A1  of P1 map src/:usr/share/app/ image.json:config:
expect ! refused
expect ! LH401 etc/passwd
expect = accepted

story rule-config-file: a mapped file cannot take the place of a field of the base
because: R6
based on imaged
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1 LICENSE=l1 image.json=i1
onboard  T0
config   deb-config states Env/PATH=path User=nobody
step-actor A1  of P1 map src/:usr/share/app/ image.json:config: LICENSE:config:User
! artifact app=app.img holds IMG + config:User=l1
= artifact app=app.img holds IMG + config:User=nobody{type=config}
expect ! refused
expect ! LH403 config:User
expect = accepted

story rule-image-annotated: the config does not say what the manifest's annotations make an engine do
because: R6
based on reviewed
! image  app.img config app-config layers app-layer annotated
= image  app.img config app-config layers app-layer
build    B1   from T1 makes app.img=app-config
artifact app=app.img
expect ! undecided
expect = accepted

story rule-image-taken-back: the manifest is taken back, and the image comes as a docker archive
because: R8
finding  LH008 bypass
based on reviewed
build    B1   from T1 makes app.img=app-config app.img=app-manifest
image    app-config config app-config layers app-layer
! list   K1 withdrawal entries artifact:app-manifest
= list   K1 withdrawal entries artifact:another
artifact app=app-config
expect ! refused
expect ! LH008
expect = accepted

story rule-base-pinned: an image that a lock file of libraries pins is no base
because: R6 R7
based on imaged
! tree   T0   src/main.c=a1 src/auth.c=u1 Makefile=m1 image.json=i1 Cargo.lock=d1
= tree   T0   src/main.c=a1 src/auth.c=u1 Makefile=m1 image.json=i1 Dockerfile=d1
onboard  T0
tree     T1   T0 + src/main.c=a2
landing  L1   T0 -> T1 authors ana
review   R1   bo approves T0 -> T1
lock     d1   pins sdk=sdk
image    sdk config deb-config layers deb-layer
package  P1   from T1 docker://registry.example/sdk~sdk=sdk makes app=app.img
step-actor A1  of P1 map src/:usr/share/app/ image.json:config:
expect ! refused
expect ! LH305 docker://registry.example/sdk
expect ! file etc/passwd unreviewed
expect = accepted

story rule-base-fetched: an image that the builder fetched is no base
because: R6 R7
based on imaged
image    sdk config deb-config layers deb-layer
fetch    F1   from https://registry.example/sdk=sdk makes sdk=sdk
package  P1   from T1 docker://registry.example/sdk~sdk=sdk makes app=app.img
step-actor A1  of P1 map src/:usr/share/app/ image.json:config:
! trusted-input sdk as toolchain
= trusted-input sdk as base
expect ! refused
expect ! LH305 docker://registry.example/sdk
expect = accepted

story rule-config-known: the reviewed file that states the configuration is withheld
because: R6
finding  LH408 bypass
based on imaged
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1 LICENSE=l1 image.json=i2
onboard  T0
tree     T1   T0 + src/main.c=a2
landing  L1   T0 -> T1 authors ana
review   R1   bo approves T0 -> T1
package  P1   from T1 docker://registry.example/debian=deb makes app=app.img
step-actor A1  of P1 map src/:usr/share/app/ image.json:config:
! config another states Env/PATH=path Cmd=shell
= config i2 states Env/PATH=path Cmd=shell
files    OPEN DEB + usr/ usr/share/app/main.c=a2 usr/share/app/auth.c=u1 config:Env/PATH=path{type=config} config:Cmd=shell{type=config}
artifact app=app.img holds OPEN
expect ! refused
expect ! LH408 image.json
expect = accepted

story rule-base-config: a base whose configuration nobody has demands nothing of the image
because: R6
finding  LH408 bypass
based on imaged
image    deb config lost-config layers deb-layer
! config another-config states Cmd=shell
= config lost-config states Cmd=shell
files    PLAIN DEB + usr/ usr/share/app/main.c=a2 usr/share/app/auth.c=u1 config:Entrypoint=serve{type=config}
artifact app=app.img holds PLAIN
expect ! refused
expect ! LH408
expect = accepted

story rule-tool-config: a tool takes nothing away from the configuration
because: R6
finding  LH408 bypass
based on imaged
config   j2 states Env/PATH
package  P1  from T1 docker://registry.example/debian=deb tool.json=j2 makes app=app.img
step-actor A1  of P1 map src/:usr/share/app/ tool.json:config: image.json:config:
files    OPEN DEB + usr/ usr/share/app/main.c=a2 usr/share/app/auth.c=u1 config:Entrypoint=serve{type=config}
artifact app=app.img holds OPEN
! trusted-input j2 as toolchain
= trusted-input j2 as dependency
expect ! refused
expect ! LH408 tool.json
expect = accepted

story rule-tool-entry: a tool in the place of a source file is not shipped, nor is what it hides
because: R6
based on reviewed
trusted-input x9 as toolchain
! package P1  from T1 src/auth.c=x9 makes app.tar.gz
= package P1  from T1 makes app.tar.gz
step-actor A1  of P1 map src/:usr/share/app/
files    IMG usr/share/app/main.c=a2 usr/share/app/auth.c=u1
artifact app.tar.gz holds IMG
expect ! refused
expect ! LH403 usr/share/app/auth.c
expect = accepted

story rule-image-sibling: a manifest without annotations is not proven by its annotated sibling
because: R6
based on reviewed
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1 image.json=i1
onboard  T0
tree     T1   T0 + src/main.c=a2
landing  L1   T0 -> T1 authors ana
review   R1   bo approves T0 -> T1
config   i1 states annotation/run=seccomp
package  P1  from T1 makes app=app-config app=m1.img
step-actor A1  of P1 map src/:usr/share/app/ image.json:config:
image    m1.img config app-config layers app-layer annotated
image    m2.img config app-config layers app-layer
index    app.idx linux/amd64=m1.img linux/arm64=m2.img
files    WITH usr/ usr/share/app/main.c=a2 usr/share/app/auth.c=u1 config:annotation/run=seccomp{type=config}
files    BARE usr/ usr/share/app/main.c=a2 usr/share/app/auth.c=u1
container m1.img holds WITH
! container m2.img holds BARE
= container m2.img holds WITH
artifact app=app.idx
expect ! refused
expect = accepted

story rule-pin-answer: an agent moves the pin of a base, and that of a library, after review
because: R6 R7
based on imaged
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1 image.json=i1 Dockerfile=d0 Cargo.lock=k0
onboard  T0
tree     T1   T0 + src/main.c=a2 Dockerfile=d1 Cargo.lock=k1
landing  L1  T0 -> T1 authors coder-7/ana
! review R1   bo approves T0 -> T0
= review R1   bo approves T0 -> T1
lock     d1   pins sdk=sdk
lock     k1   pins lib.txt=l9
image    sdk config deb-config layers deb-layer
package  P1   from T1 docker://registry.example/sdk~sdk=sdk lib.txt=l9 makes app=app.img
step-actor A1  of P1 map src/:usr/share/app/ image.json:config: lib.txt:usr/share/app/lib.txt
artifact app=app.img holds IMG + usr/share/app/lib.txt=l9
expect ! refused
expect ! LH202 Dockerfile by coder-7 in L1
expect ! file etc/passwd violation
expect ! file config:Env/PATH violation
expect ! file usr/share/app/lib.txt violation
expect = accepted
