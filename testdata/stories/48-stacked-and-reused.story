story 48a: a review of feature1 to feature2 lands on main, feature1 was never reviewed
because: R3
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
tree     F1   T0 + src/auth.c=u2
tree     F2   F1 + src/main.c=a2
landing  L1   T0 -> F2 authors ana
! review R1   bo approves F1 -> F2
= review R1   bo approves T0 -> F2
build    B1   from F2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/auth.c in L1
expect = accepted

story 48b: one tree lands on two refs, each with half a review
because: R2
finding  LH208 bypass
tree     T0   src/main.c=a1 src/auth.c=u1 Makefile=m1
onboard  T0
product  app refs main next
tree     TA   T0 + src/main.c=a2
tree     T2   TA + src/auth.c=u2
landing  L1   T0 -> T2 authors ana
! review R1   bo approves T0 -> T2 scope src/main.c
= review R1   bo approves T0 -> T2
landing  N1   T0 -> TA on next authors ana
landing  N2   TA -> T2 on next authors ana
review   R2   cy approves TA -> T2 on next
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect = accepted

story 48c: an old review is used again after the change was undone together with another
because: R3
finding  LH214 positive negative
based on reviewed
tree     TU   T0 + README.md=r2
landing  L2   T1 -> TU authors cy
review   R2   bo approves T1 -> TU
tree     T4   TU + src/main.c=a2
landing  L3   TU -> T4 authors ana
= review R3   bo approves TU -> T4
build    B1   from T4 makes app.bin
artifact app.bin
expect ! refused
expect ! LH214 src/main.c in L3
expect = accepted

story 48d: an old review is used again after the tree went back to the very base of the review
because: R3
based on reviewed
tree     T3   T0 + README.md=r2
tree     T4   T3 + src/main.c=a2
landing  L2   T1 -> T0 authors cy
review   R2   bo approves T1 -> T0
landing  L3   T0 -> T3 authors cy
review   R3   bo approves T0 -> T3
landing  L4   T3 -> T4 authors ana
= review R4   bo approves T3 -> T4
build    B1   from T4 makes app.bin
artifact app.bin
expect ! refused
expect ! LH214 src/main.c in L4
expect = accepted

story 48e: reviewed for experimental, landed on main
because: R3
finding  LH212 positive negative
based on built
! review R1   bo approves T0 -> T1 on experimental
= review R1   bo approves T0 -> T1 on main
expect ! refused
expect ! LH212 src/main.c in L1
expect = accepted

story 48f: the very change is undone and lands again, with the old review only; strict presets refuse
because: R3
based on built
landing  L2   T1 -> T0 authors cy
review   R2   bo approves T1 -> T0
landing  L3   T0 -> T1 authors ana
! preset standard refuse-reverted
expect ! refused
expect ! LH210
expect = accepted
expect = LH210
