story LH402-whole-folder: the map promises a file that the package leaves out
because: R6
based on packed
! artifact app.tar.gz holds IMG - usr/share/doc/app/LICENSE
= artifact app.tar.gz holds IMG
expect ! refused
expect ! LH402 usr/share/doc/app/LICENSE
expect = accepted

story LH403-symlink: a file becomes a link to somewhere else
because: R6
based on packed
! artifact app.tar.gz holds IMG + usr/share/app/main.c->/proc/self/mem
= artifact app.tar.gz holds IMG
expect ! refused
expect ! LH403 usr/share/app/main.c
expect = accepted

story LH404-execute: a file gets an execute bit that its source has not
because: R6
based on packed
! artifact app.tar.gz holds IMG + usr/share/app/main.c=a2{mode=755}
= artifact app.tar.gz holds IMG
expect ! refused
expect ! LH404 usr/share/app/main.c
expect = accepted

story LH404-folder: a parent folder that everybody may write
because: R6
based on packed
! artifact app.tar.gz holds IMG + usr/share/app/{mode=777}
= artifact app.tar.gz holds IMG + usr/share/app/
expect ! refused
expect ! LH404 usr/share/app
expect = accepted

story LH405-bypass: the foreign manifest calls itself an attestation of a platform
because: R6
finding  LH405 bypass
based on reviewed
build    B1   from T1 makes app-amd64=img-amd64
! index  app.idx linux/amd64=img-amd64 unknown/linux=img-foreign
= index  app.idx linux/amd64=img-amd64 unknown/unknown=img-foreign
artifact app.idx
expect ! refused
expect ! LH405
expect = accepted

story LH407: the package step states no path map
because: R6
finding  LH407 positive negative
based on packed
! step-actor A1 of P1
= step-actor A1 of P1 map src/:usr/share/app/ LICENSE:usr/share/doc/app/LICENSE
expect ! refused
expect ! LH407 in P1
expect = accepted

story LH407-bypass: the map sends a folder to a file
because: R6
finding  LH407 bypass
based on packed
! step-actor A1 of P1 map src/:usr/share/app LICENSE:usr/share/doc/app/LICENSE
= step-actor A1 of P1 map src/:usr/share/app/ LICENSE:usr/share/doc/app/LICENSE
expect ! refused
expect ! LH401 usr/share/app/main.c
expect = accepted

story LH408: nobody has read the archive
because: R6
finding  LH408 positive negative
based on reviewed
package    P1  from T1 makes app.tar.gz
step-actor A1  of P1 map src/:usr/share/app/
! artifact app.tar.gz
= artifact app.tar.gz holds usr/share/app/main.c=a2 usr/share/app/auth.c=u1
expect ! refused
expect ! LH408 in P1
expect = accepted

story LH408-bypass: the archive's listing is given for another digest
because: R6
finding  LH408 bypass
based on reviewed
package    P1  from T1 makes app.tar.gz
step-actor A1  of P1 map src/:usr/share/app/
artifact   app.tar.gz
! container app.tar.gz=other holds usr/share/app/main.c=a2 usr/share/app/auth.c=u1
= container app.tar.gz holds usr/share/app/main.c=a2 usr/share/app/auth.c=u1
expect ! refused
expect ! LH408 in P1
expect = accepted
