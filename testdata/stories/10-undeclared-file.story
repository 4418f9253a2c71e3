story 10a: a file that was not in the checkout is among the materials
because: R5 R7
finding  LH306 positive negative
based on reviewed
! build  B1   from T1 src/extra.c=x1 makes app.bin
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH306 src/extra.c in B1
expect = accepted

story 10b: the recorder saw that it could not see everything
because: R5
finding  LH304 positive negative
based on built
identity ci   inputs bounded
! step-actor A1 of B1 gaps build-folder-after-checkout
= step-actor A1 of B1
expect ! refused
expect ! LH304 in B1
expect = accepted
expect = no LH304

story 10c: ordinary provenance bounds nothing, and the verifier is told so; who demands a bound refuses
because: R5
based on built
! preset standard deny inputs-not-bounded
expect ! refused
expect ! LH304 in B1
expect = accepted
expect = LH304
