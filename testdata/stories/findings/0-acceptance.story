story LH001-bypass: somebody without a row names the artifact in a statement of his own
because: R9
finding  LH001 bypass
based on reviewed
account  drifter kind automation principal key signs key
! build  B1   from T1 makes app.bin by drifter
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! undecided
expect ! LH001
expect = accepted

story LH002-bypass: the label names the product by a pattern
because: R8
finding  LH002 bypass
based on built
! step-actor A1 of B1 product app*
= step-actor A1 of B1 product app
expect ! refused
expect ! LH002 in B1
expect = accepted

story LH003-bypass: the altered bytes get a statement that names them, though no step made them
because: R1
finding  LH003 bypass
based on built
other    O1   https://example.com/scan names app.bin=altered
! artifact app.bin=altered
= artifact app.bin
expect ! refused
expect ! LH003
expect = accepted

story LH004-bypass: an older list of releases that still names the old artifact is shown beside the newer one
because: R8
finding  LH004 bypass
based on built
list     K1   released sequence 4 entries released:main=app.bin
! list   K2   released sequence 5 entries released:main=app-next.bin
= list   K2   released sequence 5 entries released:main=app.bin
expect ! refused
expect ! LH004
expect = accepted

story LH006-bypass: a fresh list, but for another product
because: R8
finding  LH006 bypass
based on built
preset   standard lists revocation
! list   K1   revocation scope other
= list   K1   revocation scope app
expect ! undecided
expect ! LH006
expect = accepted

story LH007-bypass: the revocation list is stale by now
because: R8
finding  LH007 bypass
based on reviewed
build    B1   from T1 makes app.bin credential c1,-60,600,release-7
! list   K1   revocation fresh -30 entries credential:c1
= list   K1   revocation fresh -30 entries credential:c2
artifact app.bin
expect ! refused
expect ! LH007 in B1
expect = accepted

story LH008: the publisher has withdrawn the artifact
because: R8
finding  LH008 positive negative
based on built
! list   K1   withdrawal entries artifact:app.bin
= list   K1   withdrawal entries artifact:app-last-week.bin
expect ! refused
expect ! LH008
expect = accepted

story LH008-bypass: the list that withdraws the artifact is stale by now
because: R8
finding  LH008 bypass
based on built
! list   K1   withdrawal fresh -10 entries artifact:app.bin
= list   K1   withdrawal fresh -10
expect ! refused
expect ! LH008
expect = accepted

story LH008-pooled: the withdrawal stands in a list of revocations
because: R8
based on built
! list   K1   revocation entries artifact:app.bin
= list   K1   revocation
expect ! refused
expect ! LH008
expect = accepted

story LH009-bypass: the second exception is for another target
because: R8
finding  LH009 bypass
based on built
drop     R1
question for cluster-1
approval X1   exception app.bin by bo-sk for cluster-1 expires 3600 reason "outage" authors ana
approval X2   exception app.bin by cy-sk for cluster-1 expires 3600 reason "outage" authors ana
! approval X3 exception app-last-week.bin by cy-sk for cluster-9 expires 3600 reason "other" authors ana
expect ! exception
expect ! LH009
expect = exception
expect = no LH009
