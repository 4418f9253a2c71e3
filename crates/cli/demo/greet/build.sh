#!/bin/sh
# Compiles everything into build/; the sources stay as they are.
set -eu
mkdir -p build
for source in src/*.c; do
    name=${source##*/}
    cc -O1 -Wall -c -o "build/${name%.c}.o" "$source"
done
cc -o build/greet build/*.o
ln -f build/greet build/hello
gzip -9 -n -c man/greet.1 > build/greet.1.gz
sh tests/run.sh build/greet
