story 34a: the debug image under the product's name
because: R8
finding  LH002 positive negative
based on built
! step-actor A1 of B1 product app-debug
= step-actor A1 of B1 product app
expect ! refused
expect ! LH002 in B1
expect = accepted

story 34b: last year's release
because: R8
finding  LH004 positive negative
based on built
! list   K1   released entries released:main=app-of-this-year.bin
= list   K1   released entries released:main=app.bin
expect ! refused
expect ! LH004
expect = accepted

story 34c: last year's release, and the list of releases is withheld where the preset demands it
because: R8
based on built
preset   standard lists released
= list   K1   released entries released:main=app.bin
expect ! undecided
expect ! LH006
expect = accepted
