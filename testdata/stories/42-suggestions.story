story 42a: bo's suggestion is applied by ana, who pushes the final head
because: R4
based on built
! landing L1  T0 -> T1 authors ana co-author:bo
= landing L1  T0 -> T1 authors ana pusher:ana co-author:bo
expect ! refused
expect ! LH206 src/main.c
expect = accepted

story 42b: ana approves the fixup of bo, who approved her change
because: R4
based on built
landing  L1   T0 -> T1 authors ana bo
= review R2   ana approves T0 -> T1
expect ! refused
expect ! LH206 src/main.c
expect = accepted

story 42c: bo presses "Update branch" before he approves; the update adds no author
because: R3 R4
based on reviewed
drop     L1
tree     TX   T0 + src/auth.c=u2
tree     TY   TX + src/main.c=a2
landing  L0   T0 -> TX authors bo
review   R0   cy approves T0 -> TX
review   R1   bo approves TX -> TY
! landing L2  TX -> TY authors ana bo
= landing L2  TX -> TY authors ana
build    B1   from TY makes app.bin
artifact app.bin
expect ! refused
expect ! LH206 src/main.c
expect = accepted
