story 37a: an empty file at a sensitive path
because: R1 R6
based on imaged
! artifact app=app.img holds IMG + etc/ld.so.preload=
= artifact app=app.img holds IMG
expect ! refused
expect ! LH401 etc/ld.so.preload
expect = accepted

story 37b: a binary of the base image at a sensitive path
because: R1 R6
based on imaged
! artifact app=app.img holds IMG + usr/bin/login=su{mode=4755}
= artifact app=app.img holds IMG
expect ! refused
expect ! LH401 usr/bin/login
expect = accepted

story 37c: the old file of an earlier image in a new layer
because: R1 R6
finding  LH403 bypass
based on imaged
! artifact app=app.img holds IMG + usr/share/app/main.c=a1
= artifact app=app.img holds IMG
expect ! refused
expect ! LH403 usr/share/app/main.c
expect = accepted
