story 29a: the agent's key signs a review that names bo
because: R9
finding  LH101 positive negative
based on built
! review R1   bo approves T0 -> T1 by coder-7
= review R1   bo approves T0 -> T1
expect ! refused
expect ! LH101 src/main.c in L1
expect = accepted

story 29b: the builder's key signs a review that names bo
because: R9
finding  LH101 bypass
based on built
! review R1   bo approves T0 -> T1 by ci
= review R1   bo approves T0 -> T1
expect ! refused
expect ! LH101 src/main.c in L1
expect = accepted

story 29c: a workflow on a pushed branch signs a review that names bo
because: R9
based on built
account  ci-branch kind automation signs fulcio-ci principal https://ci.example#https://forge.example/acme/app/.ci/release.yml@refs/heads/patch-1
identity ci-branch may test
! review R1   bo approves T0 -> T1 by ci-branch
= review R1   bo approves T0 -> T1
expect ! refused
expect ! LH101 src/main.c in L1
expect = accepted
