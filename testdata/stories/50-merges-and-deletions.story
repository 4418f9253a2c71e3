story 50a: the reviewer presses merge, which makes him no author
because: R4
based on built
! landing L1  T0 -> T1 authors ana co-author:bo
= landing L1  T0 -> T1 authors ana
expect ! refused
expect ! LH206 src/main.c
expect = accepted

story 50b: a merge of two reviewed branches
because: R2
based on reviewed
product  app refs main next
tree     TX   T0 + src/auth.c=u2
tree     TM   T1 + src/auth.c=u2
landing  N1   T0 -> TX on next authors cy
= review R2   bo approves T0 -> TX on next
landing  L2   T1 -> TM authors ana merge-of TX base T0 mode merge
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/auth.c
expect = accepted

story 50c: a merge of two reviewed branches, where reverts refuse
because: R2
based on reviewed
preset   standard refuse-reverted
product  app refs main next
tree     TX   T0 + src/main.c=a1-other-end
tree     TM   T0 + src/main.c=a2-other-end
landing  N1   T0 -> TX on next authors cy
= review R2   bo approves T0 -> TX on next
landing  L2   T1 -> TM authors ana merge-of TX base T0 mode merge
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/main.c
expect = accepted

story 50d: an unreviewed file is deleted under review, after other commits
because: R2
based on reviewed
tree     T2   T1 + src/hook.c=h1
tree     T3   T2 + README.md=r2
tree     T4   T3 - src/hook.c
landing  L2   T1 -> T2 authors coder-7/ana
landing  L3   T2 -> T3 authors ana
review   R3   bo approves T2 -> T3
landing  L4   T3 -> T4 authors ana
= review R4   bo approves T3 -> T4
build    B1   from T4 makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/hook.c in L4
expect = accepted

story 50e: cy dispatches the build with a version that policy allows
because: R5
based on reviewed
product  app parameters version=1.*
! build  B1   from T1 makes app.bin parameters version=latest
= build  B1   from T1 makes app.bin parameters version=1.2
artifact app.bin
expect ! refused
expect ! LH303 version in B1
expect = accepted

story 50f: a branch that takes a reviewed change back is merged
because: R2
based on reviewed
tree     T2   T1 + README.md=r2
tree     TM   T0 + README.md=r2
landing  L2   T1 -> T2 authors ana
review   R2   bo approves T1 -> T2
landing  L3   T2 -> TM authors ana merge-of T0 base T1 mode merge
= review R3   bo approves T2 -> TM
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/main.c in L3
expect = accepted

story 50g: a reviewed branch is merged once more after that was undone
because: R2
based on reviewed
product  app refs main next
tree     TX   T0 + src/auth.c=u2
tree     TM   T1 + src/auth.c=u2
tree     T3   T1 + README.md=r2
tree     T4   T3 + src/auth.c=u2
landing  N1   T0 -> TX on next authors cy
review   R2   bo approves T0 -> TX on next
landing  L2   T1 -> TM authors ana merge-of TX base T0 mode merge
landing  L3   TM -> T3 authors ana
review   R3   bo approves TM -> T3
landing  L4   T3 -> T4 authors ana merge-of TX base T0 mode merge
= review R4   bo approves T3 -> T4
build    B1   from T4 makes app.bin
artifact app.bin
expect ! refused
expect ! LH214 src/auth.c in L4
expect = accepted

story 50h: a reviewed branch is merged from an older base than it has
because: R2
based on reviewed
product  app refs main next
tree     TX   T0 + src/auth.c=u2
tree     TY   T1 + src/auth.c=u2
tree     T2   T0 + README.md=r2
tree     TM   TY + README.md=r2
landing  N1   T0 -> TX on next authors cy
review   R2   bo approves T0 -> TX on next
landing  N2   TX -> TY on next authors ana merge-of T1 base T0 mode merge
landing  L2   T1 -> T2 authors ana
review   R3   bo approves T1 -> T2
landing  L3   T2 -> TM authors ana merge-of TY base T0 mode merge
= review R4   bo approves T2 -> TM
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect ! LH209 src/main.c in L3
expect = accepted

story 50i: two branches that merge each other, and on
because: R2
based on reviewed
product  app refs main next
tree     TX   T0 + src/auth.c=u2
tree     TY   T1 + src/auth.c=u2
tree     T2   T1 + README.md=r2
tree     TM   TY + README.md=r2
landing  N1   T0 -> TX on next authors cy
= review R2   bo approves T0 -> TX on next
landing  N2   TX -> TY on next authors ana merge-of T1 base T0 mode merge
landing  L2   T1 -> T2 authors ana
review   R3   bo approves T1 -> T2
landing  L3   T2 -> TM authors ana merge-of TY base T1 mode merge
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/auth.c
expect = accepted

story 50j: another ref of the product goes back to an older tree, and is merged
because: R2
based on reviewed
product  app refs main next
tree     T2   T1 + README.md=r2
tree     TM   T0 + README.md=r2
landing  N1   none -> T1 on next authors ana
landing  N2   T1 -> T0 on next authors ana
= review R2   bo approves T1 -> T0 on next
landing  L2   T1 -> T2 authors ana
review   R3   bo approves T1 -> T2
landing  L3   T2 -> TM authors ana merge-of T0 base T1 mode merge
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/main.c in L3
expect = accepted

story 50k: what was taken back comes again by another ref, under the review that let it in first
because: R3
based on reviewed
product  app refs main next
tree     TX   T1 + src/auth.c=u2
tree     TZ   T1 + README.md=r2
tree     TZX  TZ + src/auth.c=u2
tree     TY   T1 + build.mk=b2
tree     TM   TZX + build.mk=b2
landing  L2   T1 -> TX authors cy
review   R2   bo approves T1 -> TX
landing  L3   TX -> T1 authors ana
review   R3   bo approves TX -> T1
landing  L4   T1 -> TY authors ana
review   R6   bo approves T1 -> TY
landing  N1   T1 -> TZ on next authors ana
review   R4   bo approves T1 -> TZ on next
landing  N2   TZ -> TZX on next authors cy
landing  L5   TY -> TM authors ana merge-of TZX base T1 mode merge
= review R5   bo approves TY -> TM
build    B1   from TM makes app.bin
artifact app.bin
expect ! refused
expect ! LH209 src/auth.c in L5
expect = accepted
