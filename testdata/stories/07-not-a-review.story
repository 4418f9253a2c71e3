story 7a: an agent approves
because: R4
finding  LH207 positive negative
based on built
! review R1   coder-7 approves T0 -> T1
= review R1   bo approves T0 -> T1
expect ! refused
expect ! LH207 src/main.c in L1
expect = accepted

story 7b: a bot approves
because: R4
finding  LH207 bypass
based on built
account  merge-bot kind automation
! review R1   merge-bot approves T0 -> T1
= review R1   bo approves T0 -> T1
expect ! refused
expect ! LH207 src/main.c in L1
expect = accepted

story 7c: the author approves his own change
because: R4
finding  LH206 positive negative
based on built
! review R1   ana approves T0 -> T1
= review R1   bo approves T0 -> T1
expect ! refused
expect ! LH206 src/main.c
expect = accepted

story 7d: the sponsor approves what his agent wrote
because: R4
based on built
landing  L1   T0 -> T1 authors coder-7/ana
! review R1   ana approves T0 -> T1
= review R1   bo approves T0 -> T1
expect ! refused
expect ! LH206 src/main.c
expect = accepted

story 7e: ana approves from her second account
because: R4
finding  LH206 bypass
based on built
account  ana-private
person   ana accounts ana ana-private ana-key ana-sk
! review R1   ana-private approves T0 -> T1
= review R1   bo approves T0 -> T1
expect ! refused
expect ! LH206 src/main.c
expect = accepted

story 7f: the approval is dismissed afterwards
because: R8
based on built
! list   K1   withdrawal entries statement:R1
expect ! refused
expect ! LH007 src/main.c
expect = accepted
