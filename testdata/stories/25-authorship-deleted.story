story 25a: bo approves his own work, his authorship was deleted, and nobody says that the list is complete
because: R4
finding  LH205 bypass
based on built
! landing L1  T0 -> T1 authors ana incomplete
= landing L1  T0 -> T1 authors ana
expect ! refused
expect ! LH205 src/main.c
expect = accepted

story 25b: bo approves his own work; his edit is on record although the landing does not name him
because: R4
based on built
! edit   E1   T1 actors bo by bo-key
= edit   E1   T1 actors ana by ana-key
expect ! refused
expect ! LH206 src/main.c
expect = accepted
