story 44: the project builds a tool that is named like an agent
because: R5
finding  LH105 positive
based on built
step-actor A1 of B1 marks process:app-agent
= waiver agent-marks expires 3600 reason "our product is called app-agent"
expect ! refused
expect ! LH105 in B1
expect = accepted
expect = LH105
