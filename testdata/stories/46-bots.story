story 46a: the dependency bot bumps the lock file; merged by itself, or approved by bo
because: R4
tree     T0   src/main.c=a1 Makefile=m1 Cargo.lock=k1
onboard  T0
account  dep-bot kind automation
robot    dep-bot paths Cargo.lock sponsorless
tree     T1   T0 + Cargo.lock=k2
landing  L1   T0 -> T1 authors dep-bot
= review R1   bo approves T0 -> T1
build    B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 Cargo.lock in L1
expect = accepted

story 46b: the formatter bot pushes after the approval; approved again, for the bot's difference only
because: R3
based on reviewed
account  fmt-bot kind automation
robot    fmt-bot sponsorless
tree     T2   T1 + src/main.c=a2-formatted
landing  L2   T1 -> T2 authors fmt-bot
= review R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH201 src/main.c in L2
expect = accepted
