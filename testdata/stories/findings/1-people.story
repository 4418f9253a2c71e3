story LH103: the build was recorded under simulated surroundings
because: R9
finding  LH103 positive negative
based on reviewed
! build  B1   from T1 makes app.bin simulated
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH103 in B1
expect = accepted

story LH103-bypass: only the label was recorded under simulated surroundings
because: R9
finding  LH103 bypass
based on built
identity ci   inputs bounded
! step-actor A1 of B1 simulated
= step-actor A1 of B1
expect ! refused
expect = accepted

story LH103-review: the review was recorded under simulated surroundings
because: R9
based on built
! review R1   bo approves T0 -> T1 simulated
= review R1   bo approves T0 -> T1
expect ! refused
expect ! LH103 src/main.c
expect = accepted

story LH104-bypass: with marks around, bo signs with a key of stated custody instead of his account
because: R4
finding  LH104 bypass
based on built
identity bo-key custody personal
! review R1   bo-key approves T0 -> T1 marks env:AGENT_SESSION
= review R1   bo-key approves T0 -> T1
expect ! refused
expect ! LH104 src/main.c
expect = accepted

story LH104-note: ana's own edit bears marks; the review by bo answers for her and the agent
because: R4
based on built
! edit   E1   T1 actors ana marks env:AGENT_SESSION by ana-key
= edit   E1   T1 actors ana by ana-key
expect ! accepted
expect ! LH104
expect = accepted
expect = no LH104

story LH105-bypass: the builder's own label is bare, the sandbox saw the marks
because: R5
finding  LH105 bypass negative
based on built
step-actor A1 of B1
! step-actor A2 of B1 actors ci@sandbox marks process:coder-7 by sandbox
= step-actor A2 of B1 actors ci@sandbox by sandbox
expect ! refused
expect ! LH105 in B1
expect = accepted

story LH105-waiver: the waiver has run out
because: R5
based on built
step-actor A1 of B1 marks process:app-agent
! waiver agent-marks expires -1 reason "our product is called app-agent"
= waiver agent-marks expires 3600 reason "our product is called app-agent"
expect ! refused
expect ! LH105 in B1
expect = accepted

story LH106-robot: a named robot that also builds keeps to its paths
because: R10
based on reviewed
account  dep-bot kind automation
identity dep-bot may build
tree     T2   T1 + Cargo.lock=k2
! robot  dep-bot paths docs/** sponsorless
= robot  dep-bot paths Cargo.lock sponsorless
landing  L2   T1 -> T2 authors dep-bot
review   R2   bo approves T1 -> T2
build    B1   from T2 makes app.bin
artifact app.bin
expect ! refused
expect ! LH106 Cargo.lock in L2
expect = accepted

story LH108: a review with a key that proves presence
because: R4
finding  LH108 positive negative
based on built
! review R1   bo approves T0 -> T1
= review R1   bo-sk approves T0 -> T1
expect ! accepted
expect ! LH108
expect = accepted
expect = no LH108

story LH108-bypass: a security key used without its owner present, where presence is demanded
because: R4
finding  LH108 bypass
based on built
preset   standard deny presence-unproven
! review R1   bo-sk approves T0 -> T1 by bo-sk~absent
= review R1   bo-sk approves T0 -> T1
expect ! refused
expect = accepted

story LH110: the builder's key is kept where project code can reach it
because: R5
finding  LH110 positive negative
based on reviewed
account  key-builder kind automation principal key signs key
! identity key-builder may build inputs declared actors-complete
= identity key-builder may build inputs declared actors-complete custody isolated
product  app builders ci key-builder
build    B1   from T1 makes app.bin by key-builder
artifact app.bin
expect ! refused
expect ! LH110 in B1
expect = accepted

story LH110-bypass: the row says custody personal, which is for people
because: R5
finding  LH110 bypass
based on reviewed
account  key-builder kind automation principal key signs key
! identity key-builder may build inputs declared actors-complete custody personal
= identity key-builder may build inputs declared actors-complete custody isolated
product  app builders ci key-builder
build    B1   from T1 makes app.bin by key-builder
artifact app.bin
expect ! refused
expect ! LH110 in B1
expect = accepted
