story 15a: the agent that edits may package too
because: R10
finding  LH106 positive negative
based on built
landing  L1   T0 -> T1 authors coder-7/ana
! identity coder-7 may edit package
= identity coder-7 may edit
expect ! refused
expect ! LH106 src/main.c
expect = accepted

story 15b: the agent that edits may sign too
because: R10
based on built
landing  L1   T0 -> T1 authors coder-7/ana
! identity coder-7 may edit sign
= identity coder-7 may edit
expect ! refused
expect ! LH106 src/main.c
expect = accepted

story 15c: the agent that edits may publish too
because: R10
based on built
landing  L1   T0 -> T1 authors coder-7/ana
! identity coder-7 may edit publish
= identity coder-7 may edit
expect ! refused
expect ! LH106 src/main.c
expect = accepted

story 15d: the bot that edits may promote what its manifest names
because: R10
finding  LH106 bypass
based on built
account  deploy-bot kind automation
landing  L1   T0 -> T1 authors deploy-bot
! identity deploy-bot may promote
= identity deploy-bot may edit
expect ! refused
expect ! LH106 src/main.c
expect = accepted

story 15e: policy demands it of humans too
because: R10
based on built
landing  L1   T0 -> T1 authors ana
preset   standard human-duties
! identity ana may publish
= identity ana may edit
expect ! refused
expect ! LH106 src/main.c
expect = accepted

story 15f: the agent that edits may build too
because: R10
based on built
landing  L1   T0 -> T1 authors coder-7/ana
! identity coder-7 may edit build
= identity coder-7 may edit
expect ! refused
expect ! LH106 src/main.c
expect = accepted
