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
