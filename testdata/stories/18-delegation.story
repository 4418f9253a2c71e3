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
