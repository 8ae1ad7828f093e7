module allium/problems

go 1.24
