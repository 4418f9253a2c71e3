story 18: a planner and a coder work for ana, an agent starts the release, bo decided
because: R4 R8
account  planner kind agent
account  release-agent kind agent
based on built
product  app requires publish@registry.example
! landing L1  T0 -> T1 authors coder-7 planner
= landing L1  T0 -> T1 authors coder-7/ana planner/ana
act      X1   publish app.bin to registry.example actors releaser initiator:release-agent/ana
expect ! refused
expect ! LH205 src/main.c
expect = accepted
expect = proof L1 R1 B1 X1

story 18b: a coder works for a planner, and nobody says whom the planner works for
because: R4
finding  LH205 bypass
account  planner kind agent
identity planner kind agent
based on built
! landing L1  T0 -> T1 authors coder-7/planner
= landing L1  T0 -> T1 authors coder-7/ana
expect ! refused
expect ! LH205 src/main.c in L1
expect = accepted

story 18c: the observer's list has a planner as the sponsor
because: R4
account  planner kind agent
based on built
! landing L1  T0 -> T1 authors coder-7 sponsor:planner
= landing L1  T0 -> T1 authors coder-7 sponsor:ana
expect ! refused
expect ! LH205 src/main.c in L1
expect = accepted

story 18d: the sponsor reviews, and the agent names somebody else as its sponsor beside him
because: R4
finding  LH206 bypass
based on built
edit     E1   T1 actors coder-7/cy
! landing L1  T0 -> T1 authors coder-7 sponsor:bo
= landing L1  T0 -> T1 authors coder-7 sponsor:ana
expect ! refused
expect ! LH206 src/main.c in L1
expect = accepted
