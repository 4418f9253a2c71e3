story 45a: one builder declares more inputs, all pinned
because: R5 R7
based on reviewed
lock     k1   pins serde=s1
! build  B1   from T1 makes app.bin
= build  B1   from T1 https://crates.example/serde-1.0.crate~serde=s1 makes app.bin
artifact app.bin
expect ! accepted
expect = accepted

story 45b: a second builder's statement about the same product changes nothing
because: R5 R7
based on built
lock     k1   pins serde=s1
= build  B2   from T1 https://crates.example/serde-1.0.crate~serde=s1 makes app.bin
expect ! accepted
expect = accepted

story 45c: one builder declares an input that nothing pins
because: R5 R7
based on reviewed
lock     k1   pins serde=s1
! build  B1   from T1 https://crates.example/serde-1.0.crate~serde=s2 makes app.bin
= build  B1   from T1 https://crates.example/serde-1.0.crate~serde=s1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH305
expect = accepted
