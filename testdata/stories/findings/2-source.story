story LH201-other-repository: a review of the same trees in another repository
because: R3
based on reviewed
landing  F1   T0 -> T1 in lib authors ana
! review R1   bo approves T0 -> T1 in lib
= review R1   bo approves T0 -> T1
build    B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect = accepted

story LH203-bypass: the tree landed, but only in another repository
because: R1 R2
finding  LH203 bypass
based on built
! landing L1  T0 -> T1 in lib authors ana
= landing L1  T0 -> T1 authors ana
expect ! refused
expect = accepted

story LH204: the landing before is not on record
because: R2
finding  LH204 positive negative
based on reviewed
tree     T2   T1 + README.md=r2
= landing L1  T0 -> T1 authors ana
! drop   L1
landing  L2   T1 -> T2 authors ana
review   R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH204
expect = accepted

story LH204-bypass: the landing names as the one before it a landing on another ref
because: R2
finding  LH204 bypass
based on reviewed
product  app refs main next
tree     TN   T0 + README.md=r3
tree     T2   TN + src/auth.c=u2
landing  N1   T0 -> TN on next authors cy
landing  L2   TN -> T2 authors ana prev N1
review   R2   bo approves TN -> T2
! landing L3  T2 -> T2 authors ana
= review RN   bo approves T0 -> TN on next
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH204
expect = accepted

story LH204-unread: nobody has read the tree that landed
because: R2
based on built
! unread T1
expect ! refused
expect ! LH204
expect = accepted

story LH205-robot: a robot acts for nobody, and a row says so
because: R4
based on built
account  fmt-bot kind automation
! landing L1  T0 -> T1 authors fmt-bot
= robot  fmt-bot sponsorless
landing  L1   T0 -> T1 authors fmt-bot
expect ! refused
expect ! LH205 src/main.c
expect = accepted

story LH209: what was reviewed is not what landed
because: R3
finding  LH209 bypass negative
based on built
tree     TS   T0 + src/main.c=a3
! review R1   bo approves T0 -> TS
= review R1   bo approves T0 -> T1
expect ! refused
expect = accepted

story LH210-bypass: the change is taken back in two landings
because: R2
finding  LH210 bypass
based on built
preset   standard refuse-reverted
tree     T2   T1 + src/auth.c=u2 src/hook.c=h1
tree     T3   T1 + src/hook.c=h1
landing  L2   T1 -> T2 authors coder-7/ana
landing  L3   T2 -> T3 authors coder-7/ana
landing  L4   T3 -> T1 authors coder-7/ana
! preset standard refuse-reverted
= preset standard
expect ! refused
expect ! LH210
expect = accepted

story LH210-reviewed: the revert is reviewed itself
because: R2
finding  LH210 negative
based on built
preset   standard refuse-reverted
tree     T2   T1 + src/hook.c=h1
landing  L2   T1 -> T2 authors coder-7/ana
landing  L3   T2 -> T1 authors ana
= review R3   bo approves T2 -> T1
expect ! refused
expect ! LH210
expect = accepted
expect = no LH210

story LH211: the provenance names the tree by its SHA-1 alone
because: R3
finding  LH211 positive negative
based on reviewed
landing  L1   T0 -> T1@both authors ana
! build  B1   from T1@git makes app.bin
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! accepted
expect ! LH211
expect = accepted
expect = no LH211

story LH211-denied: the same, where the preset does not allow it
because: R3
based on reviewed
preset   standard deny sha1-join
landing  L1   T0 -> T1@both authors ana
! build  B1   from T1@git makes app.bin
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect = accepted

story LH211-bypass: two trees of one repository share the SHA-1 id
because: R3
finding  LH211 bypass
based on reviewed
landing  L1   T0 -> T1@both authors ana
build    B1   from T1@git makes app.bin
artifact app.bin
! preset standard deny sha1-join
= preset standard
expect ! refused
expect = accepted
expect = LH211

story LH212-bypass: reviewed for a ref whose name only begins like the released one
because: R3
finding  LH212 bypass
based on built
! review R1   bo approves T0 -> T1 on main-experimental
= review R1   bo approves T0 -> T1 on main
expect ! refused
expect ! LH212 src/main.c
expect = accepted

story LH213-squash: the forge says that the squash gave another tree
because: R3
based on reviewed
drop     L1
tree     TX   T0 + src/util.c=v1
tree     TY   TX + src/main.c=a2
landing  L0   T0 -> TX authors bo
review   R0   cy approves T0 -> TX
! tree   TM   TY + src/hook.c=h1
= tree   TM   TY
landing  L2   TX -> TM authors coder-7/ana merge-of T1 base T0 mode squash
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect = accepted

story LH214-bypass: the old review is used again under a rebase
because: R3
finding  LH214 bypass
based on reviewed
tree     TU   T0 + README.md=r2
landing  L2   T1 -> TU authors cy
review   R2   bo approves T1 -> TU
tree     T4   TU + src/main.c=a2
! landing L3  TU -> T4 authors ana merge-of T1 base T0 mode rebase
= review R3   bo approves TU -> T4
landing  L3   TU -> T4 authors ana merge-of T1 base T0 mode rebase
build    B1   from T4 makes app.bin
artifact app.bin
expect ! refused
expect ! LH214 src/main.c in L3
expect = accepted

story whole-tree: cy reviews the whole tree
because: R2
based on built
drop     R1
! review RW   cy approves all of T1 scope src/** authors ana
= review RW   cy approves all of T1 authors ana
expect ! refused
expect ! LH201 src/main.c
expect = accepted
expect = proof RW L1

story source-vsa: another verifier has passed the tree
because: R2
based on built
drop     R1
! source-vsa V1 T1 failed
= source-vsa V1 T1 passed
expect ! refused
expect ! LH201 src/main.c
expect = accepted
expect = proof V1
