story 12a: a layer adds a file
because: R1 R6
based on packed
! artifact app.tar.gz holds IMG + usr/bin/miner=x1
= artifact app.tar.gz holds IMG
expect ! refused
expect ! LH401 usr/bin/miner
expect = accepted

story 12b: a file is replaced
because: R1 R6
finding  LH403 positive negative
based on packed
! artifact app.tar.gz holds IMG + usr/share/app/main.c=x1
= artifact app.tar.gz holds IMG
expect ! refused
expect ! LH403 usr/share/app/main.c
expect = accepted

story 12c: a file becomes set-uid
because: R1 R6
finding  LH404 positive negative
based on packed
! artifact app.tar.gz holds IMG + usr/share/app/main.c=a2{mode=4644}
= artifact app.tar.gz holds IMG
expect ! refused
expect ! LH404 usr/share/app/main.c
expect = accepted

story 12d: a file gets a capability
because: R1 R6
finding  LH404 bypass
based on packed
! artifact app.tar.gz holds IMG + usr/share/app/main.c=a2{xattr=security.capability:0100000200200000}
= artifact app.tar.gz holds IMG
expect ! refused
expect ! LH404 usr/share/app/main.c
expect = accepted

story 12e: a device node appears
because: R1 R6
based on packed
! artifact app.tar.gz holds IMG + dev/mem{type=char-device,dev=1:1}
= artifact app.tar.gz holds IMG
expect ! refused
expect ! LH401 dev/mem
expect = accepted

story 12f: a whiteout takes a reviewed file away
because: R1 R6
finding  LH402 bypass
based on packed
! artifact app.tar.gz holds IMG - usr/share/app/auth.c + usr/share/app/.wh.auth.c{type=whiteout}
= artifact app.tar.gz holds IMG
expect ! refused
expect ! LH402 usr/share/app/auth.c
expect = accepted

story 12g: the entrypoint of the image is another
because: R1 R6
based on packed
! artifact app.tar.gz holds IMG + config/entrypoint{type=config}
= artifact app.tar.gz holds IMG
expect ! refused
expect ! LH401 config/entrypoint
expect = accepted

story 12h: the environment of the image is another
because: R1 R6
based on packed
! artifact app.tar.gz holds IMG + config/env{type=config}
= artifact app.tar.gz holds IMG
expect ! refused
expect ! LH401 config/env
expect = accepted

story 12i: the same bytes appear at another path
because: R1 R6
based on packed
! artifact app.tar.gz holds IMG + etc/cron.d/main=a2
= artifact app.tar.gz holds IMG
expect ! refused
expect ! LH401 etc/cron.d/main
expect = accepted

story 12j: an image that was built as one product is packed anew with another entrypoint
because: R1 R6
based on reviewed
build    B1   from T1 makes app.img
! artifact app.img=repacked
= artifact app.img
expect ! refused
expect ! LH003
expect = accepted
