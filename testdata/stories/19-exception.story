story 19a: two persons let exactly this artifact through, for an hour
because: R8
based on built
drop     R1
question for cluster-1
approval X1   exception app.bin by bo-sk for cluster-1 expires 3600 reason "outage 4711" authors ana
! approval X2 exception app.bin by cy-sk for cluster-1 expires -1 reason "outage 4711" authors ana
= approval X2 exception app.bin by cy-sk for cluster-1 expires 3600 reason "outage 4711" authors ana
expect ! refused
expect ! LH201 src/main.c
expect = exception
expect = proof X1 X2

story 19b: one person signs twice
because: R8
based on built
drop     R1
account  bo-webauthn principal key signs webauthn
identity bo-webauthn may exception
person   bo accounts bo bo-key bo-sk bo-webauthn
question for cluster-1
approval X1   exception app.bin by bo-sk for cluster-1 expires 3600 reason "outage 4711" authors ana
! approval X2 exception app.bin by bo-webauthn for cluster-1 expires 3600 reason "outage 4711" authors ana
= approval X2 exception app.bin by cy-sk for cluster-1 expires 3600 reason "outage 4711" authors ana
expect ! refused
expect = exception

story 19c: there is a second exception for the name
because: R8
finding  LH009 positive negative
based on built
drop     R1
question for cluster-1
approval X1   exception app.bin by bo-sk for cluster-1 expires 3600 reason "outage 4711" authors ana
approval X2   exception app.bin by cy-sk for cluster-1 expires 3600 reason "outage 4711" authors ana
! approval X3 exception app-last-week.bin by cy-sk for cluster-1 expires 3600 reason "outage 4700" authors ana
expect ! exception
expect ! LH009
expect = exception
expect = no LH009

story 19d: an author lets his own work through
because: R8
based on built
drop     R1
question for cluster-1
approval X1   exception app.bin by bo-sk for cluster-1 expires 3600 reason "outage 4711" authors ana
! approval X2 exception app.bin by ana-sk for cluster-1 expires 3600 reason "outage 4711" authors cy
= approval X2 exception app.bin by cy-sk for cluster-1 expires 3600 reason "outage 4711" authors ana
expect ! refused
expect = exception

story 19e: the exception was for another cluster
because: R8
based on built
drop     R1
question for cluster-1
approval X1   exception app.bin by bo-sk for cluster-1 expires 3600 reason "outage 4711" authors ana
! approval X2 exception app.bin by cy-sk for cluster-2 expires 3600 reason "outage 4711" authors ana
= approval X2 exception app.bin by cy-sk for cluster-1 expires 3600 reason "outage 4711" authors ana
expect ! refused
expect = exception
