story 33a: the revocation list is stale, and the preset demands a fresh one
because: R8
finding  LH006 positive negative
based on built
preset   standard lists revocation
! list   K1   revocation fresh -10
= list   K1   revocation fresh 3600
expect ! undecided
expect ! LH006
expect = accepted

story 33b: the revocation list is withheld
because: R8
based on built
preset   standard lists revocation
= list   K1   revocation
expect ! undecided
expect ! LH006
expect = accepted
