story 35: one platform of the index is foreign
because: R6
finding  LH405 positive negative
based on reviewed
build    B1   from T1 makes app-amd64=img-amd64
build    B2   from T1 makes app-arm64=img-arm64
! index  app.idx linux/amd64=img-amd64 linux/arm64=img-arm64 linux/s390x=img-foreign unknown/unknown=attestations
= index  app.idx linux/amd64=img-amd64 linux/arm64=img-arm64 unknown/unknown=attestations
artifact app.idx
expect ! refused
expect ! LH405
expect = accepted

story 35b: a member of the index has one entry more than its package step explains
because: R1 R6
finding  LH401 bypass
based on imaged
image    app-arm config arm-config layers deb-layer arm-layer
container app-arm holds IMG
package  P2   from T1 docker://registry.example/debian=deb makes app=app-arm
step-actor A2   of P2 map src/:usr/share/app/ image.json:config:
! container app.img holds IMG + usr/bin/miner=x1
= container app.img holds IMG
index    app.idx linux/amd64=app.img linux/arm64=app-arm unknown/unknown=attestations
artifact app.idx
expect ! refused
expect ! LH401 usr/bin/miner
expect ! file usr/bin/miner unreviewed
expect = file usr/share/app/main.c passes
expect = accepted
