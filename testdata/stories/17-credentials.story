story 17a: the builder's credential lives for more than a day
because: R8
finding  LH107 positive negative
based on reviewed
! build  B1   from T1 makes app.bin credential c1,-90000,600,release-7
= build  B1   from T1 makes app.bin credential c1,-60,600,release-7
artifact app.bin
expect ! refused
expect ! LH107 in B1
expect = accepted

story 17b: one credential serves two tasks
because: R8
finding  LH107 bypass
based on reviewed
build    B1   from T1 makes app.bin credential c1,-60,600,release-7
! build  B0   from T1 makes other.bin credential c1,-60,600,nightly
= build  B0   from T1 makes other.bin credential c2,-60,600,nightly
artifact app.bin
expect ! refused
expect ! LH107 in B1
expect = accepted

story 17c: the credential has expired
because: R8
based on reviewed
! build  B1   from T1 makes app.bin credential c1,-7200,-3600,release-7
= build  B1   from T1 makes app.bin credential c1,-7200,3600,release-7
artifact app.bin
expect ! refused
expect ! LH107 in B1
expect = accepted

story 17d: the credential is revoked
because: R8
finding  LH007 positive negative
based on reviewed
build    B1   from T1 makes app.bin credential c1,-60,600,release-7
! list   K1   revocation entries credential:c1
= list   K1   revocation entries credential:c2
artifact app.bin
expect ! refused
expect ! LH007 in B1
expect = accepted

story 17e: the builder's identity is revoked for the time it signed
because: R8
based on reviewed
build    B1   from T1 makes app.bin signed-at -500
! list   K1   revocation entries identity:ci:-1000:-100
= list   K1   revocation entries identity:ci:-300:-100
artifact app.bin
expect ! refused
expect ! LH007 in B1
expect = accepted

story 17f: the preset demands a credential for the one task, the step has none
because: R8
based on built
preset   standard require-credential
! step-actor A1 of B1
= step-actor A1 of B1 credential c1,-60,600,release-7
expect ! refused
expect ! LH107
expect = accepted
