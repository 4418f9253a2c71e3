story 39: a trust file inside the reviewed tree says that the agent is human
because: R9
tree     T0   src/main.c=a1 Makefile=m1 lasthand.trust.toml=coder-7-is-human
onboard  T0
tree     T1   T0 + src/main.c=a2
landing  L1   T0 -> T1 authors ana
! review R1   coder-7~human approves T0 -> T1
= review R1   bo approves T0 -> T1
build    B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH207 src/main.c in L1
expect = accepted
