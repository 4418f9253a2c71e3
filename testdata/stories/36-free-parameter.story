story 36: an agent starts the trusted build with a parameter that selects a reviewed sample
because: R5
finding  LH303 positive negative
based on reviewed
product  app parameters TARGET=app
! build  B1   from T1 makes app.bin parameters TARGET=samples/reverse-shell
= build  B1   from T1 makes app.bin parameters TARGET=app
artifact app.bin
expect ! refused
expect ! LH303 TARGET in B1
expect = accepted
