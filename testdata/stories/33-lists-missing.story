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

story 33c: the revocation list says of itself that it is fresh, and is older than the verifier allows
because: R8
finding  LH006 bypass
based on built
preset   standard lists revocation revocations-seconds 3600
! list   K1   revocation issued -3601 fresh 86400
= list   K1   revocation issued -3600 fresh 86400
expect ! undecided
expect ! LH006
expect = accepted

story 33d: a younger list takes the place of the old one, and an old one with a higher number does not help
because: R8
based on built
preset   standard lists revocation revocations-seconds 3600
list     K1   revocation issued -60 sequence 1
! list   K2   revocation issued -7200 sequence 2
= list   K2   revocation issued -30 sequence 2
expect ! undecided
expect ! LH006
expect = accepted
