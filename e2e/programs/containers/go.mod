module mainstay.test/e2e/containers

go 1.26
