story 22a: built by another workflow than the one expected
because: R5 R8
based on reviewed
account  ci-nightly kind automation signs fulcio-ci principal https://ci.example#https://forge.example/acme/app/.ci/nightly.yml@refs/heads/main
identity ci-nightly may build inputs declared actors-complete
! build  B1   from T1 makes app.bin by ci-nightly
= build  B1   from T1 makes app.bin
artifact app.bin
expect ! refused
expect ! LH101 in B1
expect = accepted

story 22b: there was provenance for the release before, for this one there is none
because: R8
based on reviewed
build    B0   from T1 makes app-1.bin
= build  B1   from T1 makes app-2.bin
artifact app-2.bin
expect ! undecided
expect ! LH001
expect = accepted

story 22c: published by a workflow that may not publish
because: R8
based on built
account  ci-nightly kind automation signs fulcio-ci principal https://ci.example#https://forge.example/acme/app/.ci/nightly.yml@refs/heads/main
identity ci-nightly may test
product  app requires publish@registry.example
! act    X1   publish app.bin to registry.example actors ci-nightly by ci-nightly
= act    X1   publish app.bin to registry.example
expect ! refused
expect ! LH005
expect = accepted
