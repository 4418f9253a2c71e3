module listtar

go 1.24
