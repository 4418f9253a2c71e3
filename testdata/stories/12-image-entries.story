story 12a: a layer adds a file
because: R1 R6
based on imaged
! artifact app=app.img holds IMG + usr/bin/miner=x1
= artifact app=app.img holds IMG
expect ! refused
expect ! LH401 usr/bin/miner
expect = accepted

story 12b: a file is replaced
because: R1 R6
finding  LH403 positive negative
based on imaged
! artifact app=app.img holds IMG + usr/share/app/main.c=x1
= artifact app=app.img holds IMG
expect ! refused
expect ! LH403 usr/share/app/main.c
expect = accepted

story 12c: a file becomes set-uid
because: R1 R6
finding  LH404 positive negative
based on imaged
! artifact app=app.img holds IMG + usr/share/app/main.c=a2{mode=4644}
= artifact app=app.img holds IMG
expect ! refused
expect ! LH404 usr/share/app/main.c
expect = accepted

story 12d: a file gets a capability
because: R1 R6
finding  LH404 bypass
based on imaged
! artifact app=app.img holds IMG + usr/share/app/main.c=a2{xattr=security.capability:0100000200200000}
= artifact app=app.img holds IMG
expect ! refused
expect ! LH404 usr/share/app/main.c
expect = accepted

story 12e: a device node appears
because: R1 R6
based on imaged
! artifact app=app.img holds IMG + dev/mem{type=char-device,dev=1:1}
= artifact app=app.img holds IMG
expect ! refused
expect ! LH401 dev/mem
expect = accepted

story 12f: a whiteout takes a reviewed file away
because: R1 R6
finding  LH402 bypass
based on imaged
! artifact app=app.img holds IMG - usr/share/app/auth.c
= artifact app=app.img holds IMG
expect ! refused
expect ! LH402 usr/share/app/auth.c
expect = accepted

story 12g: the entrypoint of the image is another
because: R1 R6
based on imaged
! artifact app=app.img holds IMG + config:Entrypoint=evil{type=config}
= artifact app=app.img holds IMG
expect ! refused
expect ! LH403 config:Entrypoint
expect = accepted

story 12h: the environment of the image is another
because: R1 R6
based on imaged
! artifact app=app.img holds IMG + config:Env/LD_PRELOAD=evil{type=config}
= artifact app=app.img holds IMG
expect ! refused
expect ! LH401 config:Env/LD_PRELOAD
expect = accepted

story 12i: the same bytes appear at another path
because: R1 R6
based on imaged
! artifact app=app.img holds IMG + etc/cron.d/main=a2
= artifact app=app.img holds IMG
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

story 12k: a whiteout takes a file of the base away
because: R1 R6
finding  LH402 bypass
based on imaged
! artifact app=app.img holds IMG - etc/passwd
= artifact app=app.img holds IMG
expect ! refused
expect ! LH402 etc/passwd
expect = accepted

story 12l: a file of the base is replaced
because: R1 R6
finding  LH403 bypass
based on imaged
! artifact app=app.img holds IMG + bin/su=evil{mode=4755}
= artifact app=app.img holds IMG
expect ! refused
expect ! LH403 bin/su
expect = accepted

story 12m: a file of the base gets another mode
because: R1 R6
finding  LH404 bypass
based on imaged
! artifact app=app.img holds IMG + bin/sh=sh{mode=4755}
= artifact app=app.img holds IMG
expect ! refused
expect ! LH404 bin/sh
expect = accepted

story 12n: the base's command, which the reviewed configuration takes away, is back
because: R1 R6
finding  LH401 bypass
based on imaged
! artifact app=app.img holds IMG + config:Cmd=shell{type=config}
= artifact app=app.img holds IMG
expect ! refused
expect ! LH401 config:Cmd
expect = accepted

story 12o: a variable of the base is gone
because: R1 R6
finding  LH402 bypass
based on imaged
! artifact app=app.img holds IMG - config:Env/PATH
= artifact app=app.img holds IMG
expect ! refused
expect ! LH402 config:Env/PATH
expect = accepted

story 12p: a file of the root file system takes the place of a field
because: R1 R6
based on imaged
! artifact app=app.img holds IMG + config:Entrypoint=serve
= artifact app=app.img holds IMG
expect ! refused
expect ! LH403 config:Entrypoint
expect = accepted

story 12q: a link takes the place of a folder of the base
because: R1 R6
based on imaged
! artifact app=app.img holds IMG - bin bin/su bin/sh + bin->usr/share/app
= artifact app=app.img holds IMG
expect ! refused
expect ! LH403 bin
expect = accepted
