module listtar

go 1.21
