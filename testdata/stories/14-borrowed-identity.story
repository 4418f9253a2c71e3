story 14a: bo's account approves while an agent's marks are around
because: R4
finding  LH104 positive negative
based on built
! review R1   bo approves T0 -> T1 marks env:AGENT_SESSION
= review R1   bo approves T0 -> T1
expect ! refused
expect ! LH104 src/main.c in L1
expect = accepted

story 14b: the builder's own credential acts with an agent's marks around
because: R5
based on built
! step-actor A1 of B1 marks process:coder-7
= step-actor A1 of B1
expect ! refused
expect ! LH105 in B1
expect = accepted

story 14c: marks do not outrank a proof of presence over the same content
because: R4
based on built
identity bo-key custody personal
! review R1   bo-key approves T0 -> T1 marks env:AGENT_SESSION
= review R1   bo-sk approves T0 -> T1 marks env:AGENT_SESSION
expect ! refused
expect ! LH104 src/main.c in L1
expect = accepted
