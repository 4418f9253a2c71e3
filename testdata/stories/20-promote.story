story 20a: the promotion that the product requires was done by an agent
because: R8
finding  LH005 positive negative
based on built
product  app requires promote@prod
! act    X1   promote app.bin to prod actors coder-7/ana by coder-7
= act    X1   promote app.bin to prod
expect ! refused
expect ! LH005
expect = accepted

story 20b: the promotion is withheld
because: R8
based on built
product  app requires promote@prod
= act    X1   promote app.bin to prod
expect ! refused
expect ! LH005
expect = accepted

story 20c: the tag was moved: what was promoted is another digest
because: R8
finding  LH005 bypass
based on built
product  app requires promote@prod
! act    X1   promote app.bin=yesterdays-build to prod
= act    X1   promote app.bin to prod
expect ! refused
expect ! LH005
expect = accepted

story 20d: promoted, but to another target
because: R8
based on built
product  app requires promote@prod
! act    X1   promote app.bin to staging
= act    X1   promote app.bin to prod
expect ! refused
expect ! LH005
expect = accepted
