story 16a: the step's own agent states who acted
because: R9
finding  LH309 positive negative
based on built
identity ci   actors-open
! step-actor A1 of B1 by coder-7
= step-actor A1 of B1
expect ! refused
expect ! LH309 in B1
expect = accepted

story 16b: a signer without a row states who acted
because: R9
finding  LH309 bypass
based on built
identity ci   actors-open
account  drifter kind automation principal key signs key
! step-actor A1 of B1 by drifter
= step-actor A1 of B1
expect ! refused
expect ! LH309 in B1
expect = accepted

story 16c: what the agent says against its own step still counts
because: R9
finding  LH310 positive negative
based on built
! step-actor A1 of B1 failed by coder-7
expect ! refused
expect ! LH310 in B1
expect = accepted
