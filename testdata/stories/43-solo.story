story 43a: a solo maintainer reviews his own agent's work with a security key
because: R4
finding  LH109 positive negative
based on built
product  app solo
landing  L1   T0 -> T1 authors coder-7/ana
! review R1   ana-sk approves T0 -> T1 by ana-sk~absent
= review R1   ana-sk approves T0 -> T1
expect ! refused
expect ! LH207 src/main.c in L1
expect = accepted
expect = LH109

story 43b: the forge's word for ana is not enough
because: R4
finding  LH109 bypass
based on built
product  app solo
landing  L1   T0 -> T1 authors coder-7/ana
! review R1   ana approves T0 -> T1
= review R1   ana-sk approves T0 -> T1
expect ! refused
expect ! LH206 src/main.c
expect = accepted

story 43c: with the key, but the product does not say solo
because: R4
based on built
landing  L1   T0 -> T1 authors coder-7/ana
review   R1   ana-sk approves T0 -> T1
= product app solo
expect ! refused
expect ! LH206 src/main.c
expect = accepted
