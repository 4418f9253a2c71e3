story 40: an agent approves another person's change with bo's forge token; nothing shows it, and who demands presence refuses
because: R4
finding  LH108 positive
based on built
! preset standard deny presence-unproven
expect ! refused
expect ! LH108 src/main.c in L1
expect = accepted
expect = LH108
