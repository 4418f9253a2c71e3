story 31: the review is for docs/, the change in src/
because: R3
finding  LH208 positive negative
based on built
! review R1   bo approves T0 -> T1 scope docs/**
= review R1   bo approves T0 -> T1 scope docs/** src/**
expect ! refused
expect ! LH208 src/main.c in L1
expect = accepted
